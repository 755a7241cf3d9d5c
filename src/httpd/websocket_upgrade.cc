// The server's part of the opening handshake (RFC 6455 4.2).
#include <apr_base64.h>
#include <apr_sha1.h>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <httpd.h>

#include <apr_buckets.h>
#include <util_filter.h>

#include "httpd/boundary.hpp"
#include "httpd/reply.hpp"
#include "httpd/stream_request.hpp"
#include "protocol/deflate.hpp"
#include "protocol/websocket_frame.hpp"

namespace bayeux::httpd {
namespace {

constexpr const char* kVersion = "13";

bool has_token(const request_rec* r, const char* field, const char* token) noexcept {
    const char* value = apr_table_get(r->headers_in, field);
    return value != nullptr && ap_find_token(r->pool, value, token) != 0;
}

// 16 bytes in base64.
bool is_key(const char* key) noexcept {
    const std::string_view text = key != nullptr ? key : "";
    if (text.size() != 24 || text.substr(22) != "==") {
        return false;
    }
    for (const char c : text.substr(0, 22)) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '/') {
            return false;
        }
    }
    return true;
}

// RFC 6455 4.2.2, 5.4.
std::string accept_of(const char* key) {
    apr_sha1_ctx_t hash;
    apr_sha1_init(&hash);
    apr_sha1_update(&hash, key, 24);
    constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    apr_sha1_update(&hash, kGuid.data(), static_cast<unsigned>(kGuid.size()));
    std::array<unsigned char, APR_SHA1_DIGESTSIZE> digest{};
    apr_sha1_final(digest.data(), &hash);
    std::array<char, 32> text{};
    apr_base64_encode_binary(text.data(), digest.data(), APR_SHA1_DIGESTSIZE);
    return text.data();
}

bool has_body(const request_rec* r) noexcept {
    const char* length = apr_table_get(r->headers_in, "Content-Length");
    return apr_table_get(r->headers_in, "Transfer-Encoding") != nullptr ||
           (length != nullptr && std::string_view(length) != "0");
}

// False if the request is no upgrade of this version; `result` is what the handler returns.
bool is_upgrade(request_rec* r, int& result) {
    const char* wrong = nullptr;
    if (r->proto_num < HTTP_VERSION(1, 1) || !has_token(r, "Connection", "upgrade")) {
        wrong = "the upgrade needs HTTP/1.1 and Connection: Upgrade";
    } else if (has_body(r)) {
        wrong = "the upgrade has a body";
    } else if (!is_key(apr_table_get(r->headers_in, "Sec-WebSocket-Key"))) {
        wrong = "the upgrade has no valid Sec-WebSocket-Key";
    }
    if (wrong != nullptr) {
        r->connection->keepalive = AP_CONN_CLOSE;
        result = write_refusal(r, {HTTP_BAD_REQUEST, wrong});
        return false;
    }
    const char* version = apr_table_get(r->headers_in, "Sec-WebSocket-Version");
    if (version == nullptr || std::string_view(version) != kVersion) {
        apr_table_setn(r->err_headers_out, "Sec-WebSocket-Version", kVersion);
        apr_table_setn(r->err_headers_out, "Upgrade", "websocket");
        apr_table_setn(r->err_headers_out, "Connection", "Upgrade");
        result = write_refusal(r, {HTTP_UPGRADE_REQUIRED, "the version must be 13"});
        return false;
    }
    return true;
}

std::optional<std::string> agree_on_deflate(const request_rec* r, const DirConfig& config) {
    const char* offers = apr_table_get(r->headers_in, "Sec-WebSocket-Extensions");
    if (offers == nullptr || !config.websocket_deflate.or_else(false)) {
        return std::nullopt;
    }
    return protocol::accept_deflate(offers);
}

std::string switch_head(const request_rec* r, const std::optional<std::string>& extension) {
    std::string head =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_of(apr_table_get(r->headers_in, "Sec-WebSocket-Key")) + "\r\n";
    if (extension) {
        head += "Sec-WebSocket-Extensions: " + *extension + "\r\n";
    }
    return head += "\r\n";
}

// Past the filters of HTTP, which would make a response with a body of it. False if the client has
// gone.
bool write_past_http(request_rec* r, const std::string& text) {
    conn_rec* c = r->connection;
    r->status = HTTP_SWITCHING_PROTOCOLS;
    r->status_line = ap_get_status_line(HTTP_SWITCHING_PROTOCOLS);
    apr_bucket_brigade* bb = apr_brigade_create(r->pool, c->bucket_alloc);
    APR_BRIGADE_INSERT_TAIL(bb,
                            apr_bucket_transient_create(text.data(), text.size(), c->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(c->bucket_alloc));
    const apr_status_t rv = ap_pass_brigade(c->output_filters, bb);
    apr_brigade_destroy(bb);
    return rv == APR_SUCCESS && c->aborted == 0;
}

// The child stops. A client whose upgrade is refused would take another transport, for good; one
// that is told of a restart comes again.
int upgrade_for_a_moment(request_rec* r) {
    std::string text = switch_head(r, std::nullopt);
    protocol::append_close_frame(text, protocol::CloseCode::kServiceRestart, "");
    r->connection->keepalive = AP_CONN_CLOSE;
    if (!write_past_http(r, text)) {
        r->connection->aborted = 1;
    }
    // What httpd still writes to end the response goes past HTTP as well: nothing.
    r->output_filters = r->proto_output_filters = r->connection->output_filters;
    return DONE;
}

}  // namespace

bool is_websocket_request(const request_rec* r) noexcept {
    return has_token(r, "Upgrade", "websocket");
}

int upgrade_to_websocket(request_rec* r, const DirConfig& config, Origin origin) {
    if (lends_credentials(r, origin)) {
        return refuse_origin(r);
    }
    int result = OK;
    if (!is_upgrade(r, result)) {
        return result;
    }
    const Outlook outlook = outlook_of(r);
    if (outlook != Outlook::kStream) {
        return outlook == Outlook::kBrief ? upgrade_for_a_moment(r) : refuse_stream(r);
    }
    auto stream = std::make_unique<StreamRequest>(r, config, broker::Transport::kWebSocket);
    const auto extension = agree_on_deflate(r, config);
    if (!write_past_http(r, switch_head(r, extension))) {
        r->connection->aborted = 1;
        return DONE;
    }
    stream->begin_websocket(extension.has_value());
    leave_stream_to_loop(r, std::move(stream));
    return SUSPENDED;
}

}  // namespace bayeux::httpd

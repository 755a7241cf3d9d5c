#include "httpd/body.hpp"

#include <string_view>
#include <utility>

#include <httpd.h>

#include <apr_buckets.h>
#include <apr_xlate.h>
#include <util_filter.h>

#include "protocol/batch.hpp"

namespace bayeux::httpd {
namespace {

bool refuse(Refusal& refusal, int status, std::string text) {
    refusal.status = status;
    refusal.text = std::move(text);
    return false;
}

bool refuse_size(Refusal& refusal, std::size_t limit) {
    return refuse(refusal, HTTP_REQUEST_ENTITY_TOO_LARGE,
                  "the body is larger than " + std::to_string(limit) + " bytes");
}

// Appends what a brigade holds; false above the limit.
apr_status_t append(apr_bucket_brigade* bb, std::size_t limit, std::string& text, bool& end,
                    bool& too_large) {
    for (apr_bucket* b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (APR_BUCKET_IS_EOS(b)) {
            end = true;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        const char* data = nullptr;
        apr_size_t length = 0;
        const apr_status_t rv = apr_bucket_read(b, &data, &length, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (length > limit - text.size()) {
            too_large = true;
            return APR_SUCCESS;
        }
        text.append(data, length);
    }
    return APR_SUCCESS;
}

// iconv also takes paths and options in a name ("utf-8//IGNORE"), which are not for clients to
// choose.
bool is_charset_name(std::string_view name) {
    return name.size() <= 40 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.:") ==
               std::string_view::npos;
}

// HT-6: the text in UTF-8. False if the charset is unknown or the text is not of it.
bool to_utf8(request_rec* r, const std::string& charset, std::string& text) {
    if (charset.empty() || charset == "utf-8" || charset == "utf8" || charset == "us-ascii") {
        return true;
    }
    apr_xlate_t* convert = nullptr;
    if (!is_charset_name(charset) ||
        apr_xlate_open(&convert, "UTF-8", charset.c_str(), r->pool) != APR_SUCCESS) {
        return false;
    }
    std::string out(text.size() * 4 + 16, '\0');
    apr_size_t in_left = text.size();
    apr_size_t out_left = out.size();
    apr_status_t rv = apr_xlate_conv_buffer(convert, text.data(), &in_left, out.data(), &out_left);
    if (rv == APR_SUCCESS && in_left == 0) {
        rv = apr_xlate_conv_buffer(convert, nullptr, nullptr, out.data() + (out.size() - out_left),
                                   &out_left);
    }
    apr_xlate_close(convert);
    if (rv != APR_SUCCESS || in_left != 0) {
        return false;
    }
    out.resize(out.size() - out_left);
    text = std::move(out);
    return true;
}

// The batches of all texts, which are one batch of messages.
bool decode_texts(DecodedBody& body, Refusal& refusal) {
    protocol::BatchLimits limits;
    for (const std::string& json : body.texts) {
        auto batch = protocol::decode_batch(json, limits);
        if (!batch) {
            const bool large = batch.error().code == ErrorCode::kTooLarge;
            return refuse(refusal, large ? HTTP_REQUEST_ENTITY_TOO_LARGE : HTTP_BAD_REQUEST,
                          batch.error().text);
        }
        limits.max_messages -= batch->size();
        if (body.messages.empty()) {
            body.messages = std::move(batch).value();
        } else {
            for (protocol::Message& message : *batch) {
                body.messages.push_back(std::move(message));
            }
        }
    }
    return true;
}

}  // namespace

bool read_text(request_rec* r, std::size_t limit, std::string& text, Refusal& refusal) {
    if (const char* header = apr_table_get(r->headers_in, "Content-Length")) {
        apr_off_t length = 0;
        if (ap_parse_strict_length(&length, header) != 0 &&
            static_cast<apr_uint64_t>(length) > limit) {
            return refuse_size(refusal, limit);
        }
        if (length > 0 && static_cast<apr_uint64_t>(length) <= limit) {
            text.reserve(static_cast<std::size_t>(length));
        }
    }
    apr_bucket_brigade* bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    bool end = false;
    bool too_large = false;
    while (!end && !too_large) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ,
                                         HUGE_STRING_LEN);
        if (rv == APR_SUCCESS) {
            rv = append(bb, limit, text, end, too_large);
        }
        apr_brigade_cleanup(bb);
        if (rv != APR_SUCCESS) {
            refusal.connection_lost = true;
            return refuse(refusal, ap_map_http_request_error(rv, HTTP_BAD_REQUEST), "");
        }
    }
    return !too_large || refuse_size(refusal, limit);
}

bool read_messages(request_rec* r, std::size_t limit, DecodedBody& body, Refusal& refusal) {
    std::string text;
    if (!read_text(r, limit, text, refusal)) {
        return false;
    }
    const char* header = apr_table_get(r->headers_in, "Content-Type");
    const std::string_view type = header != nullptr ? header : "";
    const std::string charset = protocol::charset_of(type);
    if (protocol::is_json_body(type, text)) {
        body.texts.push_back(std::move(text));
    } else {
        auto fields = protocol::decode_form(text);
        if (!fields) {
            return refuse(refusal, HTTP_BAD_REQUEST, fields.error().text);
        }
        body.texts = std::move(fields).value();
    }
    for (std::string& json : body.texts) {
        if (!to_utf8(r, charset, json)) {
            return refuse(refusal, HTTP_BAD_REQUEST, "the body is not text of its charset");
        }
    }
    return decode_texts(body, refusal);
}

bool read_query_messages(request_rec* r, std::size_t limit, DecodedBody& body, Refusal& refusal) {
    const std::string_view query = r->args != nullptr ? r->args : "";
    if (query.size() > limit) {
        return refuse_size(refusal, limit);
    }
    auto fields = protocol::decode_form(query);
    if (!fields) {
        return refuse(refusal, HTTP_BAD_REQUEST, fields.error().text);
    }
    body.texts = std::move(fields).value();
    return decode_texts(body, refusal);
}

}  // namespace bayeux::httpd

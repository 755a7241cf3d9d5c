#include "httpd/publish_request.hpp"

#include <utility>

#include "httpd/channel_sections.hpp"
#include "protocol/batch.hpp"
#include "protocol/json_text.hpp"

namespace bayeux::httpd {
namespace {

bool refuse(Refusal& refusal, int status, std::string text) {
    refusal.status = status;
    refusal.text = std::move(text);
    return false;
}

bool read_channel(request_rec* r, std::string_view path, PublishRequest& request,
                  Refusal& refusal) {
    if (path.empty() || path == "/") {
        return refuse(refusal, HTTP_BAD_REQUEST, "the path names no channel below the Location");
    }
    request.channel = protocol::ChannelName::parse(path);
    if (!request.channel) {
        return refuse(refusal, HTTP_BAD_REQUEST, "the path below the Location is no channel name");
    }
    const DomainId domain = domain_of(dir_config(r), r->server);
    const std::string_view why_not = broker::why_not_from_outside(
        *request.channel, request.to.audience(), has_presence(r->server, domain));
    return why_not.empty() || refuse(refusal, HTTP_BAD_REQUEST, std::string(why_not));
}

// One `name=value` of the query.
bool take_parameter(request_rec* r, std::string_view pair, Recipients& to, Refusal& refusal) {
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    std::optional<std::string>* const place = name == "session" ? &to.session
                                              : name == "user"  ? &to.user
                                                                : nullptr;
    if (place == nullptr) {
        return refuse(refusal, HTTP_BAD_REQUEST,
                      "the query may have the parameters session or user, no others");
    }
    const std::string_view encoded =
        equals == std::string_view::npos ? std::string_view("") : pair.substr(equals + 1);
    char* const value = apr_pstrmemdup(r->pool, encoded.data(), encoded.size());
    if (ap_unescape_urlencoded(value) != OK || *value == '\0') {
        return refuse(refusal, HTTP_BAD_REQUEST,
                      "the parameter " + std::string(name) + " has no valid value");
    }
    if (to.session || to.user) {
        return refuse(refusal, HTTP_BAD_REQUEST, "the query names more than one recipient");
    }
    *place = value;
    return true;
}

bool read_recipients(request_rec* r, Recipients& to, Refusal& refusal) {
    std::string_view rest = r->args != nullptr ? r->args : "";
    while (!rest.empty()) {
        const std::size_t end = rest.find('&');
        if (!take_parameter(r, rest.substr(0, end), to, refusal)) {
            return false;
        }
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (to.user && to.user->size() > broker::kMaxUserName) {
        return refuse(refusal, HTTP_BAD_REQUEST, "the user's name is longer than 255 bytes");
    }
    return true;
}

bool read_type(const request_rec* r, PublishRequest& request, Refusal& refusal) {
    const char* const header = apr_table_get(r->headers_in, "Content-Type");
    const std::string_view whole = header != nullptr ? header : "";
    std::string type(whole.substr(0, whole.find(';')));
    type.resize(type.find_last_not_of(" \t") + 1);
    ap_str_tolower(type.data());
    const std::string charset = protocol::charset_of(whole);
    request.lines = type == "application/x-ndjson";
    if (type != "application/json" && !request.lines) {
        return refuse(refusal, HTTP_UNSUPPORTED_MEDIA_TYPE,
                      "the body must be application/json, or application/x-ndjson for one message "
                      "a line");
    }
    if (!charset.empty() && charset != "utf-8" && charset != "utf8" && charset != "us-ascii") {
        return refuse(refusal, HTTP_UNSUPPORTED_MEDIA_TYPE, "the body must be in UTF-8");
    }
    return true;
}

bool split_lines(PublishRequest& request, Refusal& refusal) {
    std::string_view rest = request.body;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = protocol::trim_json(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.empty()) {
            continue;
        }
        if (!protocol::is_json(line)) {
            return refuse(
                refusal, HTTP_BAD_REQUEST,
                "line " + std::to_string(number) + " is not valid JSON; nothing was published");
        }
        request.messages.push_back(line);
    }
    return true;
}

}  // namespace

bool read_publish_head(request_rec* r, std::string_view path, PublishRequest& request,
                       Refusal& refusal) {
    return read_recipients(r, request.to, refusal) && read_channel(r, path, request, refusal) &&
           read_type(r, request, refusal);
}

bool read_publish_body(request_rec* r, std::size_t limit, PublishRequest& request,
                       Refusal& refusal) {
    if (!read_text(r, limit, request.body, refusal)) {
        return false;
    }
    if (request.lines) {
        if (!split_lines(request, refusal)) {
            return false;
        }
    } else if (const std::string_view text = protocol::trim_json(request.body); !text.empty()) {
        if (!protocol::is_json(text)) {
            return refuse(refusal, HTTP_BAD_REQUEST, "the body is not valid JSON");
        }
        request.messages.push_back(text);
    }
    return !request.messages.empty() ||
           refuse(refusal, HTTP_BAD_REQUEST, "the body holds no message");
}

}  // namespace bayeux::httpd

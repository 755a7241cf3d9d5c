#include "httpd/hidden_secrets.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include <ap_expr.h>
#include <scoreboard.h>

#include "bayeux_module.h"
#include "httpd/boundary.hpp"
#include "httpd/guarded_locations.hpp"
#include "protocol/shown_url.hpp"

namespace bayeux::httpd {
namespace {

enum class Whose : std::uint8_t { kOthers, kBayeux, kPublish };

// What was hidden, for who needs it.
struct KeptUrl {
    const char* unparsed_uri = "";
    std::string_view client_id;
};

KeptUrl* kept_url(const request_rec* r) noexcept {
    return static_cast<KeptUrl*>(ap_get_module_config(r->request_config, &bayeux_module));
}

// Before anything is hidden; later calls do nothing.
void keep_url(request_rec* r) {
    if (kept_url(r) != nullptr) {
        return;
    }
    const std::string_view path = r->uri != nullptr ? r->uri : "";
    auto* const kept = pool_new<KeptUrl>(r->pool);
    kept->unparsed_uri = r->unparsed_uri;
    kept->client_id = path.substr(path.rfind('/') + 1);
    ap_set_module_config(r->request_config, &bayeux_module, kept);
}

// What SetHandler says, before core.c has set it: core_override_type().
const char* configured_handler(request_rec* r) {
    const auto* core = static_cast<core_dir_config*>(ap_get_core_module_config(r->per_dir_config));
    if (core->expr_handler == nullptr) {
        return core->handler;
    }
    const char* error = nullptr;
    const char* handler = ap_expr_str_exec(r, core->expr_handler, &error);
    return error == nullptr ? handler : nullptr;
}

Whose whose(request_rec* r) {
    const char* handler = r->handler;
    if (handler == nullptr && r->per_dir_config != nullptr) {
        handler = configured_handler(r);
    }
    if (handler == nullptr) {
        return path_below_location(r) ? Whose::kPublish : Whose::kOthers;
    }
    return strcasecmp(handler, "bayeux") == 0          ? Whose::kBayeux
           : strcasecmp(handler, kPublishHandler) == 0 ? Whose::kPublish
                                                       : Whose::kOthers;
}

// Most requests have neither a query nor a path that has room for a clientId.
bool may_have_secret(const request_rec* r) noexcept {
    constexpr std::size_t kTooShort = 16;
    return r->args != nullptr ||
           (r->unparsed_uri != nullptr && std::strlen(r->unparsed_uri) > kTooShort);
}

// True if the text is another now.
bool show(apr_pool_t* pool, char*& text, std::string (*shown)(std::string_view)) {
    if (text == nullptr) {
        return false;
    }
    const std::string_view whole = text;
    const std::string result = shown(whole);
    if (result == whole) {
        return false;
    }
    text = apr_pstrmemdup(pool, result.data(), result.size());
    return true;
}

// Of a URL, or of a request line, in which the query ends where the protocol begins.
std::string shown_from_query(std::string_view text) {
    const std::size_t query = text.find('?');
    if (query == std::string_view::npos) {
        return std::string(text);
    }
    const std::string_view before = text.substr(0, query + 1);
    const std::string_view rest = text.substr(query + 1);
    const std::size_t end = std::min(rest.rfind(" HTTP/"), rest.size());
    return std::string(before)
        .append(protocol::shown_query(rest.substr(0, end)))
        .append(rest.substr(end));
}

std::string shown_line(std::string_view text) {
    const std::size_t query = std::min(text.find('?'), text.size());
    return protocol::shown_path(text.substr(0, query)) + shown_from_query(text.substr(query));
}

// Of the request that came, also if httpd has passed it on to another. The path of a request to
// publish is a channel, and no secret. True if the line is another now.
bool hide_in_line(request_rec* r, Whose whose) {
    auto* const shown = whose == Whose::kPublish ? shown_from_query : shown_line;
    bool changed = false;
    for (request_rec* one = r; one != nullptr; one = one->prev) {
        changed = show(one->pool, one->the_request, shown) || changed;
        show(one->pool, one->unparsed_uri, shown);
    }
    return changed;
}

// httpd has noted the line in the scoreboard already, and a stream would leave it there for long.
void note_line_again(request_rec* r) noexcept {
    ap_update_child_status(static_cast<ap_sb_handle_t*>(r->connection->sbh), SERVER_BUSY_WRITE, r);
}

void hide_in_path(request_rec* r) {
    for (char** text : {&r->uri, &r->filename, &r->path_info, &r->parsed_uri.path}) {
        show(r->pool, *text, protocol::shown_path);
    }
}

void hide_url(request_rec* r) {
    keep_url(r);
    if (hide_in_line(r, Whose::kBayeux)) {
        note_line_again(r);
    }
    hide_in_path(r);
}

void hide_before_questions(request_rec* r) {
    const Whose w = whose(r);
    if (w == Whose::kBayeux && r->method_number == M_GET) {
        hide_url(r);
    } else if (w != Whose::kOthers && hide_in_line(r, w)) {
        note_line_again(r);
    }
}

// One of those through which the request that is logged has gone, which begin with `first`.
void hide_before_log(request_rec* first, request_rec* r) {
    const Whose w = whose(r);
    if (w == Whose::kOthers) {
        return;
    }
    hide_in_line(r, w);
    if (w == Whose::kBayeux) {
        hide_in_path(r);
    }
    for (request_rec* one = first; one != nullptr; one = one->next) {
        hide_in_query(one);
    }
}

}  // namespace

void hide_in_publish_line(request_rec* r) {
    hide_in_line(r, Whose::kPublish);
}

void hide_in_query(request_rec* r) {
    show(r->pool, r->args, protocol::shown_query);
    show(r->pool, r->parsed_uri.query, protocol::shown_query);
}

std::string_view take_client_id(request_rec* r) {
    hide_url(r);
    return kept_url(r)->client_id;
}

void give_whole_uri(request_rec* r, const char* uri) {
    keep_url(r);
    kept_url(r)->unparsed_uri = uri;
}

const char* whole_uri(const request_rec* r) noexcept {
    const KeptUrl* kept = kept_url(r);
    return kept != nullptr ? kept->unparsed_uri : r->unparsed_uri;
}

}  // namespace bayeux::httpd

using namespace bayeux::httpd;  // NOLINT(google-build-using-namespace): the C names of this file

int bayeux_header_parser(request_rec* r) noexcept {
    if (may_have_secret(r)) {
        guard("request line", [r] { hide_before_questions(r); });
    }
    return DECLINED;
}

int bayeux_log_transaction(request_rec* r) noexcept {
    for (request_rec* one = r; one != nullptr; one = one->next) {
        if (may_have_secret(one)) {
            guard("logged request", [r, one] { hide_before_log(r, one); });
        }
    }
    return DECLINED;
}

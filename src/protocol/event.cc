// make_event() of message.hpp.
#include <algorithm>
#include <array>

#include "protocol/json.hpp"
#include "protocol/json_text.hpp"
#include "protocol/message.hpp"
#include "protocol/timestamp.hpp"

namespace bayeux::protocol {

namespace {

// Never passed on: what is written separately, what would tell who published (CID-3), what clients
// act upon when a server says it (S6; PB-3: Faye takes whatever has `successful` for a reply), and
// names that change an object's prototype where a client merges it.
constexpr std::array<std::string_view, 20> kWithheld = {"channel",
                                                        "data",
                                                        "id",
                                                        "clientId",
                                                        "ext",
                                                        "successful",
                                                        "error",
                                                        "advice",
                                                        "subscription",
                                                        "version",
                                                        "minimumVersion",
                                                        "supportedConnectionTypes",
                                                        "connectionType",
                                                        "authSuccessful",
                                                        "connectionId",
                                                        "reestablish",
                                                        "x-messages",
                                                        "__proto__",
                                                        "constructor",
                                                        "prototype"};

bool is_withheld(std::string_view name) noexcept {
    return std::find(kWithheld.begin(), kWithheld.end(), name) != kWithheld.end();
}

// A publisher's own one travels on only where the server writes none (X-TS).
constexpr std::string_view kTimestamp = "timestamp";

// S5: a token that a client sends along with each message is for the server only.
constexpr std::string_view kSecret = "authentication";

bool has_secret(std::string_view ext) {
    JsonMembers members(ext);
    std::string storage;
    for (std::string_view key, value; members.next(key, value);) {
        if (decode_key(key, storage) == kSecret) {
            return true;
        }
    }
    return false;
}

// Appends `,"ext":{...}` less the secret; nothing if nothing else was in it.
void append_ext_without_secret(std::string& out, std::string_view ext) {
    JsonMembers members(ext);
    std::string storage;
    bool any = false;
    for (std::string_view key, value; members.next(key, value);) {
        if (decode_key(key, storage) == kSecret) {
            continue;
        }
        out += any ? "," : ",\"ext\":{";
        out += key;
        out += ':';
        out += value;
        any = true;
    }
    if (any) {
        out += '}';
    }
}

void append_ext(std::string& out, std::string_view ext) {
    if (has_secret(ext)) {
        append_ext_without_secret(out, ext);
    } else {
        out += ",\"ext\":";
        out += ext;
    }
}

}  // namespace

std::string make_event(const Message& publish, std::string_view channel,
                       std::optional<WallTime> timestamp) {
    std::string out;
    out.reserve(publish.raw.size() + channel.size() + 16);
    out += "{\"channel\":";
    append_quoted(out, channel);
    if (!publish.data.empty()) {
        out += ",\"data\":";
        out += publish.data;
    }
    JsonMembers members(publish.raw);
    std::string storage;
    for (std::string_view key, value; members.next(key, value);) {
        // A key that cannot be decoded (a lone surrogate) cannot be judged either.
        const auto name = decode_key(key, storage);
        if (name && !is_withheld(*name) && !(timestamp && name == kTimestamp)) {  // ENV-9
            out += ',';
            out += key;
            out += ':';
            out += value;
        }
    }
    if (!publish.ext.empty()) {
        append_ext(out, publish.ext);
    }
    if (timestamp) {
        out += ",\"timestamp\":";
        append_timestamp(out, *timestamp);
    }
    out += '}';
    return out;
}

}  // namespace bayeux::protocol

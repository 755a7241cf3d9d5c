// The setters of what is a list of words, or belongs to one transport only.
#include <cstring>

#include "bayeux_module.h"
#include "httpd/config.hpp"
#include "httpd/directive_values.hpp"
#include "httpd/transports.hpp"

namespace bayeux::httpd {
namespace {

DirConfig& config_of(void* dir) noexcept {
    return *static_cast<DirConfig*>(dir);
}

// True if an earlier word is the same as word i.
bool is_repeated(char* const argv[], int i) noexcept {
    for (int j = 0; j < i; ++j) {
        if (std::strcmp(argv[i], argv[j]) == 0) {
            return true;
        }
    }
    return false;
}

bool turn_on(ExtensionTerms& terms, const char* name) noexcept {
    struct Name {
        const char* word;
        bool ExtensionTerms::*extension;
    };
    static constexpr Name kNames[] = {{"ack", &ExtensionTerms::ack},
                                      {"timesync", &ExtensionTerms::timesync},
                                      {"timestamp", &ExtensionTerms::timestamp},
                                      {"activity", &ExtensionTerms::activity}};
    for (const Name& known : kNames) {
        if (std::strcmp(name, known.word) == 0) {
            terms.*known.extension = true;
            return true;
        }
    }
    return false;
}

}  // namespace
}  // namespace bayeux::httpd

using namespace bayeux::httpd;  // NOLINT(google-build-using-namespace): the C names of this file

const char* bayeux_set_transports(cmd_parms* cmd, void* dir, int argc,
                                  char* const argv[]) noexcept {
    constexpr const char* kAllowed =
        "one or more of: websocket, long-polling, eventsource, callback-polling, "
        "cross-origin-long-polling";
    if (argc == 0) {
        return refusal(cmd, "", kAllowed);
    }
    for (int i = 0; i < argc; ++i) {
        if (!is_transport(argv[i])) {
            return refusal(cmd, argv[i], kAllowed);
        }
        if (is_repeated(argv, i)) {
            return refusal(cmd, argv[i], "each transport once");
        }
    }
    config_of(dir).transports.set(copy_words(cmd->pool, argc, argv));
    return nullptr;
}

const char* bayeux_set_extensions(cmd_parms* cmd, void* dir, int argc,
                                  char* const argv[]) noexcept {
    constexpr const char* kAllowed =
        "none alone, or one or more of: ack, timesync, timestamp, activity";
    if (argc == 0) {
        return refusal(cmd, "", kAllowed);
    }
    ExtensionTerms terms{false, false, false, false};
    for (int i = 0; i < argc; ++i) {
        const bool none = argc == 1 && std::strcmp(argv[i], "none") == 0;
        if (!none && !turn_on(terms, argv[i])) {
            return refusal(cmd, argv[i], kAllowed);
        }
        if (is_repeated(argv, i)) {
            return refusal(cmd, argv[i], "each extension once");
        }
    }
    config_of(dir).extensions.set(terms);
    return nullptr;
}

const char* bayeux_set_max_sessions_per_browser(cmd_parms* cmd, void* dir,
                                                const char* value) noexcept {
    std::uint32_t n = bayeux::broker::kUnlimited;
    if (std::strcmp(value, "-1") != 0 && !parse_count(value, 0, 1'000'000, n)) {
        return refusal(cmd, value, "a number from 0 to 1000000, or -1 for no limit");
    }
    config_of(dir).max_sessions_per_browser.set(n);
    return nullptr;
}

const char* bayeux_set_messages_per_frame(cmd_parms* cmd, void* dir, const char* value) noexcept {
    std::uint32_t n = 0;
    if (!parse_count(value, 1, 1000, n)) {
        return refusal(cmd, value, "a number from 1 to 1000");
    }
    config_of(dir).messages_per_frame.set(n);
    return nullptr;
}

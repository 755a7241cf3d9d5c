#include "cli/options.hpp"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

namespace bayeux::cli {

namespace {

Error wrong(std::string text) {
    return Error{ErrorCode::kInvalid, std::move(text)};
}

Result<std::uint32_t> number(std::string_view name, const std::string& text, std::uint32_t most) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stopped != end || value == 0 || value > most) {
        return wrong(std::string(name) + " takes a number from 1 to " + std::to_string(most));
    }
    return value;
}

Result<std::string> login_of(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) {
        return wrong("cannot read a login from " + file);
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    if (line.find(':') == std::string::npos) {
        return wrong("the first line of " + file + " should be name:password");
    }
    return line;
}

// One --name and its value.
Result<void> take(Options& options, std::string_view name, const std::string& value) {
    if (name == "--login-file") {
        auto login = login_of(value);
        if (!login) {
            return login.error();
        }
        options.login = std::move(login).value();
    } else if (name == "--cacert") {
        if (!std::ifstream(value)) {
            return wrong("cannot read certificates from " + value);
        }
        options.ca_file = value;
    } else if (name == "--count") {
        const auto count = number(name, value, 1'000'000'000);
        if (!count) {
            return count.error();
        }
        options.count = *count;
    } else if (name == "--timeout") {
        const auto seconds = number(name, value, 1'000'000);
        if (!seconds) {
            return seconds.error();
        }
        options.timeout = std::chrono::seconds(*seconds);
    } else {
        return wrong("there is no option " + std::string(name));
    }
    return {};
}

bool take_switch(Options& options, std::string_view name) {
    bool* const place = name == "--data"      ? &options.data_only
                        : name == "--verbose" ? &options.verbose
                        : name == "--help"    ? &options.help
                                              : nullptr;
    if (place != nullptr) {
        *place = true;
    }
    return place != nullptr;
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> words) {
    Options options;
    if (const char* const login = std::getenv("BAYEUX_LOGIN")) {
        options.login = login;
        if (options.login.find(':') == std::string::npos) {
            return wrong("BAYEUX_LOGIN should be name:password");
        }
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with("--")) {
            options.words.emplace_back(word);
            continue;
        }
        if (take_switch(options, word)) {
            continue;
        }
        if (i + 1 == words.size()) {
            return wrong(std::string(word) + " is no option, or lacks its value");
        }
        if (const auto taken = take(options, word, words[++i]); !taken) {
            return taken.error();
        }
    }
    return options;
}

std::string complaint_of_url(const std::string& url) {
    const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
    const std::size_t host = url.find("//") + 2;
    if (!has_scheme || url.size() == host || url[host] == '/') {
        return "the URL should be as http://host/path or https://host/path";
    }
    if (url.substr(host, url.find('/', host) - host).find('@') != std::string::npos) {
        return "no login in the URL: everybody on this machine could read it; see --login-file";
    }
    return {};
}

}  // namespace bayeux::cli

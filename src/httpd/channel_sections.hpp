// The <BayeuxChannel> sections, sorted by domain: who may do what on which channel.
//
// A section belongs to the domain of the Location or host that it is written in, and guards its
// channels for every Location of that domain (design.md 7).
#ifndef BAYEUX_HTTPD_CHANNEL_SECTIONS_HPP
#define BAYEUX_HTTPD_CHANNEL_SECTIONS_HPP

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/strong_id.hpp"
#include "broker/policy.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/services.hpp"
#include "protocol/channel_name.hpp"
#include "protocol/string_filter.hpp"

namespace bayeux::httpd {

// As it is written in BayeuxRequire.
[[nodiscard]] const char* operation_name(broker::Operation operation) noexcept;

// One BayeuxRequire line: a provider of httpd's authorization framework and what it was given.
struct ChannelRule {
    broker::Operation operation = broker::Operation::kPublish;
    const char* provider_name = nullptr;
    const void* provider = nullptr;  // an authz_provider
    const char* arguments = nullptr;
    const void* parsed = nullptr;
    const ChannelRule* next = nullptr;
};

struct ChannelSection {
    explicit ChannelSection(protocol::ChannelName n) : name(std::move(n)) {}

    protocol::ChannelName name;
    const DirConfig* location = nullptr;  // where it is written
    const char* path = nullptr;           // of that Location; nullptr outside of all
    const char* where = "";               // file and line, for messages
    ChannelRule* rules = nullptr;         // alternatives, in order
    Setting<bool> persistent;
    Setting<bool> broadcast_to_publisher;
    Setting<std::int64_t> lazy_ms;  // 0: off
    Setting<bool> presence;
    // nullptr: none is written here; an empty chain: `none` is.
    protocol::FilterChain* filters = nullptr;
    ChannelSection* next = nullptr;

    [[nodiscard]] bool rules_on(broker::Operation operation) const noexcept;
};

// True if `section` covers every channel that `name`, which may be a pattern, covers.
[[nodiscard]] bool covers(const protocol::ChannelName& section,
                          const protocol::ChannelName& name) noexcept;

// The sections of one domain. Built once, then only read; any thread.
class DomainSections {
  public:
    void add(const ChannelSection& section);

    // The most specific section that covers the name and has a rule for the operation: the exact
    // name, then `*`, then the deepest `**`. nullptr: no rule at all.
    [[nodiscard]] const ChannelSection* deciding(broker::Operation operation,
                                                 const protocol::ChannelName& name) const;
    [[nodiscard]] broker::ChannelOptions options(const protocol::ChannelName& name,
                                                 bool broadcast_to_publisher) const;
    // The sections that guard some of what a pattern to subscribe to covers, besides the deciding
    // one: each has its say. Calls visit(section) until it is true, and returns that.
    template <class Visit>
    bool overlapping(const protocol::ChannelName& name, const ChannelSection* deciding,
                     Visit&& visit) const;
    // True if some provider has to be asked for this operation.
    [[nodiscard]] bool guards(broker::Operation operation, const protocol::ChannelName& name) const;
    [[nodiscard]] bool has_rules() const noexcept;
    [[nodiscard]] bool has_slow_filters() const noexcept { return has_slow_filters_; }
    [[nodiscard]] bool has_presence() const noexcept { return has_presence_; }
    // A section that would be about presence channels; nullptr: there is none.
    [[nodiscard]] const ChannelSection* about_presence() const noexcept;
    [[nodiscard]] const std::vector<const ChannelSection*>& all() const noexcept { return all_; }
    [[nodiscard]] DomainServices& services() noexcept { return services_; }
    [[nodiscard]] const DomainServices& services() const noexcept { return services_; }

  private:
    // Calls visit(section) for each that covers the name, the most specific first, until it is
    // true.
    template <class Visit>
    void covering(const protocol::ChannelName& name, Visit&& visit) const;

    std::vector<const ChannelSection*> all_;
    bool has_filters_ = false;
    bool has_slow_filters_ = false;
    bool has_presence_ = false;
    // Several sections may have one pattern, each with rules for other operations.
    std::unordered_multimap<std::string_view, const ChannelSection*> by_pattern_;
    DomainServices services_;
};

// Nobody reads /private/** by subscribing to /**. A section that covers all of the pattern is less
// specific than the deciding one, which stands in its place for every single channel of it.
template <class Visit>
bool DomainSections::overlapping(const protocol::ChannelName& name, const ChannelSection* deciding,
                                 Visit&& visit) const {
    if (!name.is_pattern()) {
        return false;
    }
    for (const ChannelSection* section : all_) {
        if (section != deciding && section->rules_on(broker::Operation::kSubscribe) &&
            section->name.overlaps(name) && !covers(section->name, name) && visit(*section)) {
            return true;
        }
    }
    return false;
}

class DomainRules {
  public:
    // nullptr if the domain has neither a section nor a service.
    [[nodiscard]] const DomainSections* find(DomainId domain) const noexcept;
    [[nodiscard]] bool has_services() const noexcept;
    // A sentence if a section is written for presence channels, else nullptr.
    [[nodiscard]] const char* check_presence(apr_pool_t* pconf) const;
    DomainSections& at(DomainId domain) { return domains_[domain]; }

  private:
    std::map<DomainId, DomainSections> domains_;
};

// The rules of one domain; nullptr if it has none. Any thread.
[[nodiscard]] const DomainSections* sections_of(server_rec* s, DomainId domain) noexcept;

// Some channel of the domain has BayeuxPresence. Any thread.
[[nodiscard]] bool has_presence(server_rec* s, DomainId domain) noexcept;

// The domain of the requests that a Location gets in host `s`, of which `path` is the path: what is
// written there, or else in the innermost Location around it, or else for the host.
[[nodiscard]] DomainId domain_of_place(const DirConfig& location, const char* path,
                                       server_rec* s) noexcept;

// Gives every host its default domain and all hosts the rules of all domains. A sentence if
// something is written twice or cannot be told apart, else nullptr.
[[nodiscard]] const char* sort_sections(apr_pool_t* pconf, server_rec* main_server);

}  // namespace bayeux::httpd

#endif

// The services of a domain: which channels' messages go to which local URLs (BayeuxService).
//
// Like a <BayeuxChannel> section a service belongs to the domain of the Location or host that it is
// written in. Built while the configuration is checked, then only read; any thread.
#ifndef BAYEUX_HTTPD_SERVICES_HPP
#define BAYEUX_HTTPD_SERVICES_HPP

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "protocol/channel_template.hpp"

namespace bayeux::httpd {

// One BayeuxService line.
struct Service {
    explicit Service(protocol::ChannelTemplate t) : channel(std::move(t)) {}

    protocol::ChannelTemplate channel;
    const char* url = "";                 // local: a path, maybe with a query
    server_rec* host = nullptr;           // whose URL it is; nullptr: of the host that is spoken to
    const DirConfig* location = nullptr;  // where it is written
    const char* path = nullptr;           // of that Location; nullptr outside of all
    const char* where = "";               // file and line, for messages
    Service* next = nullptr;
};

class DomainServices {
  public:
    void add(const Service& service);

    // The service of a channel, and what its template calls the channel's segments; nullptr if it
    // has none. Of several that match, the plainest (ChannelTemplate::before).
    [[nodiscard]] const Service* find(const protocol::ChannelName& channel,
                                      std::vector<protocol::TemplateVariable>& variables) const;
    [[nodiscard]] bool has(const protocol::ChannelName& channel) const;
    [[nodiscard]] bool empty() const noexcept { return exact_.empty() && shapes_.empty(); }
    // The service of exactly this shape; nullptr if there is none.
    [[nodiscard]] const Service* same_as(const Service& service) const noexcept;

  private:
    std::unordered_map<std::string_view, const Service*> exact_;
    std::vector<const Service*> shapes_;  // with variables or wildcards, the plainest first
};

class DomainRules;

// The services from `first` on serve the domains that requests to host `s` use. A sentence if one
// is there twice, else nullptr.
[[nodiscard]] const char* add_services(apr_pool_t* pconf, DomainRules& rules, server_rec* s,
                                       const Service* first);

}  // namespace bayeux::httpd

#endif

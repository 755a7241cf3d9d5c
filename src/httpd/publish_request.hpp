// What a request to publish asks for, read and checked: nothing is sent before all of it is good.
#ifndef BAYEUX_HTTPD_PUBLISH_REQUEST_HPP
#define BAYEUX_HTTPD_PUBLISH_REQUEST_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/outside.hpp"
#include "httpd/body.hpp"
#include "httpd/config.hpp"
#include "httpd/httpd_api.hpp"
#include "protocol/channel_name.hpp"

namespace bayeux::httpd {

// Whom it is for: all subscribers where neither is set.
struct Recipients {
    std::optional<std::string> session;  // a clientId
    std::optional<std::string> user;

    [[nodiscard]] broker::Audience audience() const noexcept {
        return session || user ? broker::Audience::kChosen : broker::Audience::kSubscribers;
    }
};

struct PublishRequest {
    Recipients to;
    std::optional<protocol::ChannelName> channel;
    bool lines = false;                      // application/x-ndjson
    std::string body;                        // what `messages` borrows from
    std::vector<std::string_view> messages;  // JSON texts, at least one
};

// The channel by the path, the recipients by the query, the kind of body by its type: nothing of
// the body is read. False if `refusal` says why not.
[[nodiscard]] bool read_publish_head(request_rec* r, std::string_view path, PublishRequest& request,
                                     Refusal& refusal);
// The body. False likewise.
[[nodiscard]] bool read_publish_body(request_rec* r, std::size_t limit, PublishRequest& request,
                                     Refusal& refusal);

}  // namespace bayeux::httpd

#endif

#include "httpd/stream_policy.hpp"

#include "httpd/authorization.hpp"

namespace bayeux::httpd {
namespace {

using broker::Operation;

// A request that providers may write to and allocate from, and that goes when they have answered:
// what they leave behind would otherwise stay as long as the stream.
class PassingRequest {
  public:
    explicit PassingRequest(request_rec* r) noexcept : copy_(*r) {
        apr_pool_create(&pool_, r->pool);
        apr_pool_tag(pool_, "bayeux_ask");
        copy_.pool = pool_;
        copy_.subprocess_env = apr_table_copy(pool_, r->subprocess_env);
        copy_.notes = apr_table_copy(pool_, r->notes);
        copy_.headers_out = apr_table_copy(pool_, r->headers_out);
        copy_.err_headers_out = apr_table_copy(pool_, r->err_headers_out);
        // Modules keep what they found out for a request in here (mod_dbd: a connection, given back
        // when the pool goes).
        copy_.request_config = ap_create_request_config(pool_);
        for (const module* m = ap_top_module; m != nullptr; m = m->next) {
            ap_set_module_config(copy_.request_config, m,
                                 ap_get_module_config(r->request_config, m));
        }
    }
    PassingRequest(const PassingRequest&) = delete;
    PassingRequest& operator=(const PassingRequest&) = delete;
    ~PassingRequest() { apr_pool_destroy(pool_); }

    [[nodiscard]] request_rec* get() noexcept { return &copy_; }

  private:
    request_rec copy_;
    apr_pool_t* pool_ = nullptr;
};

}  // namespace

bool StreamPolicy::ask(Operation operation, const protocol::ChannelName& channel) const {
    PassingRequest r(r_);
    return ask_providers(r.get(), *sections_, operation, channel);
}

bool StreamPolicy::allows(Operation operation, const protocol::ChannelName& channel) {
    if (wants_create_answer(operation, channel)) {
        static_cast<void>(knows(Operation::kCreate, channel));
    }
    return knows(operation, channel);
}

bool StreamPolicy::knows(Operation operation, const protocol::ChannelName& channel) {
    if (sections_ == nullptr || !sections_->guards(operation, channel)) {
        return true;
    }
    const TimePoint now = clock_.now();
    if (const auto known = answers_.recall(operation, channel.text(), now)) {
        return *known;
    }
    const bool allowed = ask(operation, channel);
    answers_.remember(operation, channel.text(), allowed, now + kLifetime);
    return allowed;
}

bool StreamPolicy::may_block(Operation operation, const protocol::ChannelName& channel) {
    return sections_ != nullptr && sections_->guards(operation, channel) &&
           !answers_.is_fresh(operation, channel.text(), clock_.now());
}

broker::ChannelOptions StreamPolicy::options(const protocol::ChannelName& channel) {
    return options_of(sections_, channel, broadcast_to_publisher_);
}

}  // namespace bayeux::httpd

// The fast lane of one connection, as httpd knows it: which head it may take, learnt from one pass
// of the slow lane at a time (design.md 4, docs/adoption.md).
//
// A pass is one request's way through httpd, from begin_pass() until its response has left. What it
// learns holds only if all of these meet: the request was alone and was gathered from its first
// byte, it was the first and only one of the pass, our handler has served it and says so, and the
// response's head was seen.
#ifndef BAYEUX_HTTPD_LANE_HPP
#define BAYEUX_HTTPD_LANE_HPP

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/engine.hpp"
#include "httpd/config.hpp"
#include "httpd/free_memory.hpp"
#include "httpd/httpd_api.hpp"
#include "httpd/lane_bytes.hpp"
#include "httpd/lane_policy.hpp"
#include "httpd/module_hooks.hpp"
#include "loop/fast_lane.hpp"
#include "loop/lane_host.hpp"
#include "protocol/client_id.hpp"

namespace bayeux::httpd {

// By the connection's owner.
class Lane final : public loop::LaneHost {
  public:
    // Bytes of free memory that an adopted connection's pools keep from one pass to the next.
    static constexpr apr_size_t kKeptFree = 32768;

    Lane(conn_rec* c, const loop::Connection& connection, FreeMemory& memory);

    // --- the worker: a pass ---
    // Forgets the head that was accepted. `request` is all that has come, or empty if that is not
    // known.
    void begin_pass(std::string_view request);
    void request_begins() noexcept;
    // The answers of this pass go there; nullptr if nothing is learnt from it.
    [[nodiscard]] Answers* answers() noexcept;
    // Our handler has the request, and has read nothing of it.
    void meet(const request_rec* r) noexcept;
    // It has served it by these settings, and sets no cookie.
    void accept(request_rec* r, const DirConfig& config);
    // The head of the response passes by, as long as it is watched for.
    [[nodiscard]] bool watches() const noexcept { return pass_ && pass_->watched; }
    void see_output(std::string_view bytes);
    // True if the lane takes the connection from here on.
    [[nodiscard]] bool end_pass(Millis keep_alive);

    // --- the worker: back from the loop ---
    struct Left {
        std::string rest;  // bytes that were read
        bool overdue = false;
    };
    [[nodiscard]] Left leave() noexcept;

    // Once end_pass() was true.
    [[nodiscard]] loop::Stream& stream() noexcept { return *lane_; }

    // --- loop::LaneHost ---
    [[nodiscard]] const loop::LaneTerms& terms() const noexcept override { return terms_; }
    [[nodiscard]] broker::Request request() noexcept override;

  private:
    // What the accepted request says of all that have its head.
    struct Accepted {
        Accepted(request_rec* r, const DirConfig& config, const Answers& answers);
        broker::Settings settings;
        LanePolicy policy;
        ModuleHooks hooks;  // tells what is httpd's to serve
        std::optional<protocol::BrowserId> browser;
        int keep_alive_max;
        std::string user;
        std::uint64_t user_tag;
        ClientAddress from;
        Millis revalidate;
    };
    struct Pass {
        std::optional<loop::AcceptedHead> head;
        int requests = 0;
        bool harmless_filters = false;
        const request_rec* met = nullptr;  // until the response's head has passed by
        std::unique_ptr<Accepted> accepted;
        std::string begun;    // of the response's head
        bool watched = true;  // the response's head is still to come, or to be completed
        std::optional<loop::ReplyHead> reply;
        Answers answers;
    };

    conn_rec* const c_;
    FreeMemory& memory_;
    LaneBytes bytes_;
    loop::LaneTerms terms_;
    std::unique_ptr<Accepted> accepted_;
    std::optional<loop::AcceptedHead> answers_of_;
    Answers answers_;
    std::unique_ptr<Pass> pass_;  // nothing is learnt without it
    bool entered_ = false;
    std::unique_ptr<loop::FastLane> lane_;  // made when the first head is accepted
};

// True if all filters of the request and its connection are known not to mind that they do not see
// every request, or are chosen by the type of the response and may not be for ours.
[[nodiscard]] bool has_harmless_filters(const request_rec* r) noexcept;

// When the head of the response has left: true if one that is chosen by the type was for ours.
[[nodiscard]] bool has_filter_by_type(const request_rec* r) noexcept;

}  // namespace bayeux::httpd

#endif

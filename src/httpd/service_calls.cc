#include "httpd/service_calls.hpp"

#include <utility>

#include "httpd/adoption_workers.hpp"
#include "httpd/boundary.hpp"
#include "httpd/log_ids.hpp"
#include "httpd/module_state.hpp"
#include "protocol/json_text.hpp"
#include "protocol/service_answer.hpp"

namespace bayeux::httpd {
namespace {

using Flaw = ServiceAnswer::Flaw;

// What the caller is told.
constexpr const char* kBusy = "too many calls of services at once; try again later";
constexpr const char* kLate = "the service did not answer in time";
constexpr const char* kTooLarge = "the service's answer is too large";
constexpr const char* kBroken = "the service's answer broke off";
constexpr const char* kNotJson = "the service's answer is not JSON";
constexpr const char* kStopped = "the server was stopped before the service was called";
constexpr const char* kNoMemory = "the server has no memory for the call";

void run_on_worker(void* calls) noexcept {
    mark_thread();
    static_cast<ServiceCalls*>(calls)->run_waiting(true);
}

protocol::AnswerTo answer_to(const broker::ServiceCall& message) noexcept {
    return {.channel = message.channel.text(), .id = message.id};
}

}  // namespace

ServiceTerms service_terms_of(const DirConfig& config, request_rec* r) noexcept {
    ServiceTerms terms;
    terms.domain = domain_of(config, r->server);
    terms.sections = sections_of(r->server, terms.domain);
    terms.timeout = Millis{config.service_timeout_ms.or_else(kDefaultServiceTimeoutMs)};
    terms.max_answer = config.service_max_answer.or_else(kDefaultServiceMaxAnswer);
    terms.cookie = config.cookie.or_else(CookieTerms{}).name;
    return terms;
}

// --- lists ---

void ServiceCalls::List::push(Call& call) noexcept {
    call.next = nullptr;
    call.previous = last;
    (last == nullptr ? first : last->next) = &call;
    last = &call;
    ++count;
}

void ServiceCalls::List::remove(Call& call) noexcept {
    (call.previous == nullptr ? first : call.previous->next) = call.next;
    (call.next == nullptr ? last : call.next->previous) = call.previous;
    --count;
}

// For status pages.
void ServiceCalls::show() noexcept {
    figures_.waiting.store(waiting_.count, std::memory_order_relaxed);
    figures_.running.store(running_.count, std::memory_order_relaxed);
}

ServiceCalls::Place ServiceCalls::place_for(SessionHandle session) const noexcept {
    if (workers_ < terms_.running) {
        return Place::kWantsWorker;
    }
    // Of those in the queue, so many have a worker that is about to come.
    const std::uint32_t expected = workers_ - running_.count;
    return waiting_.count < terms_.waiting + expected &&
                   shares_.of(session) < most_of_a_session_ + expected
               ? Place::kWaiting
               : Place::kNone;
}

bool ServiceCalls::has_room_for(SessionHandle session) noexcept {
    const MutexLock guard(mutex_);
    return place_for(session) != Place::kNone;
}

ServiceCalls::Place ServiceCalls::enqueue(Call& call) noexcept {
    const MutexLock guard(mutex_);
    const Place place = place_for(call.message.session);
    if (place != Place::kNone) {
        waiting_.push(call);
        shares_.add(call.message.session);
        workers_ += place == Place::kWantsWorker ? 1U : 0U;
        show();
    }
    return place;
}

void ServiceCalls::leave_queue(Call& call) noexcept {
    waiting_.remove(call);
    shares_.remove(call.message.session);
}

ServiceCalls::Call* ServiceCalls::take_waiting() noexcept {
    const MutexLock guard(mutex_);
    Call* call = waiting_.first;
    if (call == nullptr) {
        --workers_;
        return nullptr;
    }
    leave_queue(*call);
    running_.push(*call);
    show();
    return call;
}

bool ServiceCalls::claim(Call& call) noexcept {
    const MutexLock guard(mutex_);
    return !std::exchange(call.answered, true);
}

void ServiceCalls::let_go(Call& call) noexcept {
    {
        const MutexLock guard(mutex_);
        running_.remove(call);
        show();
        if (call.pinned) {
            call.done = true;
            return;
        }
    }
    delete &call;
}

// --- start ---

void ServiceCalls::start(request_rec* r, const ServiceTerms& terms,
                         const std::vector<broker::ServiceCall>& calls) noexcept {
    for (const broker::ServiceCall& message : calls) {
        guard("service call", [&] { start_one(r, terms, message); });
    }
}

void ServiceCalls::start_one(request_rec* r, const ServiceTerms& terms,
                             const broker::ServiceCall& message) {
    std::vector<protocol::TemplateVariable> variables;
    const Service* service = terms.sections->services().find(message.channel, variables);
    if (service == nullptr) {
        return;
    }
    auto call = std::make_unique<Call>(message);
    call->domain = terms.domain;
    call->service = service;
    call->max_answer = terms.max_answer;
    call->deadline = clock_.now() + terms.timeout;
    // Asked before all that the call needs is copied, and again when it is.
    if (!has_room_for(message.session)) {
        refuse(*call, kBusy);
        return;
    }
    call->request = ServiceRequest::make(r, terms.cookie, *service, variables, message);
    if (!call->request) {
        refuse(*call, kNoMemory);
        return;
    }
    const Place place = enqueue(*call);
    if (place == Place::kNone) {
        refuse(*call, kBusy);
        return;
    }
    static_cast<void>(call.release());
    if (place == Place::kWantsWorker && !borrow_worker(run_on_worker, this)) {
        run_waiting(false);
    }
}

// --- run ---

void ServiceCalls::run_waiting(bool own_worker) noexcept {
    while (Call* call = take_waiting()) {
        perform(*call, own_worker);
        let_go(*call);
    }
}

void ServiceCalls::perform(Call& call, bool own_worker) noexcept {
    // look() comes once a second only.
    if (clock_.now() >= call.deadline) {
        if (claim(call)) {
            complain(call, kLate);
            fail(call, HTTP_GATEWAY_TIME_OUT, kLate);
        }
        return;
    }
    const ServiceAnswer answer = call.request->run(
        call.message.data,
        {.max_answer = call.max_answer, .deadline = call.deadline, .own_worker = own_worker},
        clock_);
    if (!claim(call)) {
        return;
    }
    guard("service answer", [&] {
        const std::string event = event_of(call, answer);
        if (!event.empty()) {
            deliver(call, event);
        }
    });
}

// --- answers ---

std::string ServiceCalls::event_of(const Call& call, const ServiceAnswer& answer) {
    const protocol::AnswerTo to = answer_to(call.message);
    const auto flawed = [&](int code, const char* why) {
        ++figures_.failed;
        complain(call, why);
        return protocol::make_failure(to, code, why);
    };
    switch (answer.flaw) {
        case Flaw::kTooLarge:
            return flawed(HTTP_BAD_GATEWAY, kTooLarge);
        case Flaw::kBroken:
            return flawed(HTTP_BAD_GATEWAY, kBroken);
        case Flaw::kLate:
            return flawed(HTTP_GATEWAY_TIME_OUT, kLate);
        case Flaw::kNone:
            break;
    }
    if (!ap_is_HTTP_SUCCESS(answer.status)) {
        return event_of_status(call, answer);
    }
    const std::string_view data = protocol::trim_json(answer.body);
    if (!data.empty() && !protocol::is_json(data)) {
        return flawed(HTTP_BAD_GATEWAY, kNotJson);
    }
    ++figures_.done;
    return data.empty() ? std::string() : protocol::make_answer(to, data);
}

std::string ServiceCalls::event_of_status(const Call& call, const ServiceAnswer& answer) {
    const protocol::AnswerTo to = answer_to(call.message);
    ++figures_.failed;
    if (answer.status >= 500 && clock_.now() >= call.deadline) {
        complain(call, kLate);
        return protocol::make_failure(to, HTTP_GATEWAY_TIME_OUT, kLate);
    }
    const std::string_view data = protocol::trim_json(answer.body);
    if (protocol::is_json(data)) {
        return protocol::make_failure(to, data);
    }
    const std::string why =
        std::string("the service answered ") + ap_get_status_line(answer.status);
    return protocol::make_failure(to, answer.status, why);
}

void ServiceCalls::deliver(const Call& call, std::string_view event) noexcept {
    // A session that has gone meanwhile is told nothing, nor is the next user of one that has
    // changed hands (S20).
    guard("service answer", [&] {
        const std::size_t reached = store_.deliver({.domain = call.domain,
                                                    .session = call.message.session,
                                                    .event = event,
                                                    .user_tag = call.message.user_tag});
        figures_.dropped += reached == 0 ? 1 : 0;
    });
}

void ServiceCalls::fail(const Call& call, int code, const char* why) noexcept {
    ++figures_.failed;
    tell(call, code, why);
}

void ServiceCalls::refuse(const Call& call, const char* why) noexcept {
    ++figures_.refused;
    complain(call, why);
    tell(call, HTTP_SERVICE_UNAVAILABLE, why);
}

void ServiceCalls::tell(const Call& call, int code, const char* why) noexcept {
    guard("service answer",
          [&] { deliver(call, protocol::make_failure(answer_to(call.message), code, why)); });
}

void ServiceCalls::complain(const Call& call, const char* why) noexcept {
    const auto left_out = log_pause_.ends(clock_.now());
    if (!left_out) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                 BXNO(0030) "a call of the service %s for channel %s failed: %s (and %u calls more "
                 "since the last such line)", call.service->url,
                 call.service->channel.text().c_str(), why, *left_out);
}

// --- time, and the end ---

ServiceCalls::Call* ServiceCalls::pin_overdue(TimePoint now) noexcept {
    const MutexLock guard(mutex_);
    Call* late = nullptr;
    const auto pin = [&late](Call& call) {
        call.answered = true;
        call.pinned = true;
        call.next_late = std::exchange(late, &call);
    };
    Call* next = nullptr;
    for (Call* call = waiting_.first; call != nullptr; call = next) {
        next = call->next;
        if (call->deadline <= now) {
            leave_queue(*call);
            call->done = true;
            pin(*call);
        }
    }
    for (Call* call = running_.first; call != nullptr; call = call->next) {
        if (!call->answered && call->deadline <= now) {
            pin(*call);
        }
    }
    show();
    return late;
}

void ServiceCalls::unpin(Call& call) noexcept {
    {
        const MutexLock guard(mutex_);
        call.pinned = false;
        if (!call.done) {
            return;
        }
    }
    delete &call;
}

// Linear in the calls of this child, which are few hundred at most by default.
void ServiceCalls::look(TimePoint now) noexcept {
    Call* next = nullptr;
    for (Call* call = pin_overdue(now); call != nullptr; call = next) {
        next = call->next_late;
        complain(*call, kLate);
        fail(*call, HTTP_GATEWAY_TIME_OUT, kLate);
        unpin(*call);
    }
}

void ServiceCalls::finish() noexcept {
    for (;;) {
        Call* call = nullptr;
        {
            const MutexLock guard(mutex_);
            call = waiting_.first;
            if (call == nullptr) {
                return;
            }
            leave_queue(*call);
            show();
        }
        fail(*call, HTTP_SERVICE_UNAVAILABLE, kStopped);
        delete call;
    }
}

}  // namespace bayeux::httpd

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

bool ServiceCalls::has_room() noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    return waiting_.count < terms_.waiting || workers_ < terms_.running;
}

bool ServiceCalls::enqueue(Call& call) noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    waiting_.push(call);
    if (workers_ >= terms_.running) {
        return false;
    }
    ++workers_;
    return true;
}

ServiceCalls::Call* ServiceCalls::take_waiting() noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    Call* call = waiting_.first;
    if (call == nullptr) {
        --workers_;
        return nullptr;
    }
    waiting_.remove(*call);
    running_.push(*call);
    return call;
}

bool ServiceCalls::claim(Call& call) noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    return !std::exchange(call.answered, true);
}

void ServiceCalls::let_go(Call& call) noexcept {
    {
        const std::lock_guard<std::mutex> guard(mutex_);
        running_.remove(call);
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
    if (!has_room()) {
        complain(*call, kBusy);
        fail(*call, HTTP_SERVICE_UNAVAILABLE, kBusy);
        return;
    }
    call->request = ServiceRequest::make(r, terms.cookie, *service, variables, message);
    if (!call->request) {
        fail(*call, HTTP_SERVICE_UNAVAILABLE, kNoMemory);
        return;
    }
    if (enqueue(*call.release()) && !borrow_worker(run_on_worker, this)) {
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
    // What has waited for too long is answered already, or will be.
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
    if (data.empty()) {
        return {};
    }
    return protocol::is_json(data) ? protocol::make_answer(to, data)
                                   : flawed(HTTP_BAD_GATEWAY, kNotJson);
}

std::string ServiceCalls::event_of_status(const Call& call, const ServiceAnswer& answer) {
    const protocol::AnswerTo to = answer_to(call.message);
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
    // A session that has gone meanwhile is told nothing.
    guard("service answer", [&] {
        store_.deliver({.domain = call.domain, .session = call.message.session, .event = event});
    });
}

void ServiceCalls::fail(const Call& call, int code, const char* why) noexcept {
    guard("service answer",
          [&] { deliver(call, protocol::make_failure(answer_to(call.message), code, why)); });
}

void ServiceCalls::complain(const Call& call, const char* why) noexcept {
    const std::int64_t now = clock_.now().time_since_epoch().count();
    std::int64_t until = quiet_until_.load();
    if (now < until || !quiet_until_.compare_exchange_strong(until, now + kQuiet.count())) {
        unsaid_.fetch_add(1);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                 BXNO(0030) "a call of the service %s for channel %s failed: %s (and %u calls more "
                 "since the last such line)", call.service->url,
                 call.service->channel.text().c_str(), why, unsaid_.exchange(0));
}

// --- time, and the end ---

ServiceCalls::Call* ServiceCalls::pin_overdue(TimePoint now) noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const List* list : {&waiting_, &running_}) {
        for (Call* call = list->first; call != nullptr; call = call->next) {
            if (!call->answered && call->deadline <= now) {
                call->answered = true;
                call->pinned = true;
                return call;
            }
        }
    }
    return nullptr;
}

void ServiceCalls::unpin(Call& call) noexcept {
    {
        const std::lock_guard<std::mutex> guard(mutex_);
        call.pinned = false;
        if (!call.done) {
            return;
        }
    }
    delete &call;
}

// Linear in the calls of this child, which are few hundred at most by default.
void ServiceCalls::look(TimePoint now) noexcept {
    while (Call* call = pin_overdue(now)) {
        complain(*call, kLate);
        fail(*call, HTTP_GATEWAY_TIME_OUT, kLate);
        unpin(*call);
    }
}

void ServiceCalls::finish() noexcept {
    for (;;) {
        Call* call = nullptr;
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            call = waiting_.first;
            if (call == nullptr) {
                return;
            }
            waiting_.remove(*call);
        }
        if (!call->answered) {
            fail(*call, HTTP_SERVICE_UNAVAILABLE, kStopped);
        }
        delete call;
    }
}

}  // namespace bayeux::httpd

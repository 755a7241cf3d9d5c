// Connect request MUST: channel, clientId, connectionType. MAY: ext, id, advice. Reply MUST:
// channel, successful. MAY: error, advice, ext, clientId, id. connectionType is not looked at: the
// way that the message came decides (CN-3).
#include <algorithm>
#include <utility>

#include "broker/batch_context.hpp"
#include "protocol/error_text.hpp"

namespace bayeux::broker {

using protocol::Advice;
using protocol::Message;
using protocol::Reconnect;
using protocol::Reply;

namespace {

// What this connect is to be held and answered by: the client's own advice holds for this one
// message, without it what is configured (CN-6).
struct Terms {
    Millis hold;
    Millis interval;
    Millis expires_after;
    TimePoint deadline;
    TimePoint lease;
};

Terms terms_of(const Batch& batch, const Message& message) {
    const Settings& settings = batch.settings;
    Terms terms{};
    terms.hold = batch.alone ? std::min(message.advice_timeout.value_or(settings.timeout),
                                        std::max(kMaxWish, settings.timeout))
                             : Millis{0};
    terms.interval = std::min(message.advice_interval.value_or(settings.interval),
                              std::max(kMaxWish, settings.interval));
    if (!batch.request.can_hold) {
        // A session's first connect is not held anyway (CN-4), so it need not slow down.
        if (terms.hold > Millis{0} && batch.session->connected) {
            terms.interval = std::max(terms.interval, batch.request.unheld_interval);
        }
        terms.hold = Millis{0};
    }
    terms.expires_after = terms.interval + settings.max_interval;
    terms.deadline = batch.now + terms.hold;
    terms.lease = terms.deadline + terms.expires_after + kLeaseSlack;
    return terms;
}

// Exactly one finish follows each start: an earlier connect of the same batch is answered by the
// same response, of which only the last one is reported.
void finish_earlier(Batch& batch) {
    if (const auto& earlier = batch.outcome.answered) {
        batch.store.finish_connect(earlier->session, earlier->cycle,
                                   batch.now + earlier->expires_after);
        batch.outcome.answered.reset();
    }
}

// The reply for a session that ended while its connect was held; the advice that the reply has
// already is kept (AD-4).
std::string farewell(Reply reply, std::optional<Advice> advice) {
    Advice last = advice.value_or(Advice{});
    last.reconnect = Reconnect::kNone;
    reply.advise(last);
    return reply.text();
}

}  // namespace

void connect(Batch& batch, const Message& message) {
    const Terms terms = terms_of(batch, message);
    const SessionHandle session = batch.session->handle;
    finish_earlier(batch);
    const auto started = batch.store.start_connect(session, {.transport = batch.request.transport,
                                                             .timeout = batch.settings.timeout,
                                                             .interval = terms.interval,
                                                             .lease = terms.lease});
    if (!started) {
        batch.session.reset();
        return batch.refuse_session(message);
    }
    std::optional<Advice> advice;
    if (message.has_advice || started->advice_due) {
        // CN-8: the normal hold time, whatever this connect asked for.
        advice = Advice{.reconnect = Reconnect::kRetry,
                        .interval = terms.interval,
                        .timeout = batch.settings.timeout,
                        .multiple_clients = std::nullopt};
    }
    Reply reply(message);
    reply.succeed();
    if (advice) {
        reply.advise(*advice);
    }
    const OpenConnect open{session, started->cycle, terms.expires_after};
    // CN-4, CN-5, CN-11.
    if (terms.hold > Millis{0} && !started->first && !batch.store.has_events(session)) {
        std::string text = reply.text();
        batch.outcome.park = Park{open, terms.deadline, terms.lease, std::move(text),
                                  farewell(std::move(reply), advice)};
        return;
    }
    batch.outcome.answered = open;
    batch.answer(reply);
}

}  // namespace bayeux::broker

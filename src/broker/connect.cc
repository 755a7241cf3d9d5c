// Connect request MUST: channel, clientId, connectionType. MAY: ext, id, advice. Reply MUST:
// channel, successful. MAY: error, advice, ext, clientId, id.
#include <utility>

#include "broker/batch_context.hpp"
#include "broker/extensions.hpp"
#include "broker/holding.hpp"
#include "protocol/error_text.hpp"

namespace bayeux::broker {

using protocol::Advice;
using protocol::Message;
using protocol::PendingReply;
using protocol::Reconnect;
using protocol::Reply;

namespace {

// Exactly one finish follows each start: an earlier connect of the same batch is answered by the
// same response, of which only the last one is reported; one that would have been held over a
// stream is dropped (CN-13).
void finish_earlier(Batch& batch) {
    Outcome& outcome = batch.outcome;
    const auto finish = [&](const OpenConnect& earlier) {
        batch.store.finish_connect(earlier.session, earlier.cycle,
                                   batch.now + earlier.expires_after);
    };
    if (outcome.answered) {
        finish(*outcome.answered);
        outcome.answered.reset();
    }
    if (outcome.park) {
        finish(outcome.park->connect);
        outcome.park.reset();
    }
}

ConnectTerms terms_for(const Batch& batch, const Message& message, const Holding& holding) {
    return {.transport = holding.transport,
            .timeout = holding.timeout,
            .interval = holding.interval,
            .lease = holding.lease,
            .stream = batch.stream,
            .acknowledged = message.acknowledged,
            .wants_hold = holding.counts,
            .holds_per_browser = batch.settings.holds_per_browser};
}

// X-ACK 4: of an ack session the reply says which batch it brings.
PendingReply with_batch(const Batch& batch, const Message& message, const Reply& reply) {
    PendingReply pending = batch.extend(message, reply);
    pending.wants_batch = batch.session->ack;
    return pending;
}

void refuse_idle(Batch& batch, const Message& message) {
    batch.store.end_session(batch.session->handle);
    batch.session.reset();
    batch.ended = true;
    batch.refuse_session(message);
}

}  // namespace

PendingReply Park::farewell() const {
    PendingReply last = reply;
    last.wants_batch = false;
    last.advice = last.advice.value_or(Advice{});
    last.advice->reconnect = Reconnect::kNone;
    return last;
}

void connect(Batch& batch, const Message& message) {
    if (is_idle(*batch.session, batch.settings.extensions, batch.now)) {
        return refuse_idle(batch, message);
    }
    Holding holding = holding_of(batch, message);
    const SessionHandle session = batch.session->handle;
    finish_earlier(batch);
    const auto started = batch.store.start_connect(session, terms_for(batch, message, holding));
    if (!started) {
        batch.session.reset();
        return batch.refuse_session(message);
    }
    if (holding.transport == Transport::kWebSocket) {
        batch.stream = started->cycle;
    }
    Reply reply(message);
    reply.succeed();
    if (const std::optional<Advice> advice = advice_for(message, holding, *started)) {
        reply.advise(*advice);
    }
    bool held = waits(batch, message, holding, *started);
    if (held && holding.counts && !started->may_hold) {
        turn_away(batch.settings, holding, reply);
        held = false;
    }
    const OpenConnect open{session, started->cycle, holding.expires_after};
    PendingReply pending = with_batch(batch, message, reply);
    if (held) {
        batch.outcome.park = Park{open, holding.deadline, holding.lease, std::move(pending)};
        return;
    }
    batch.outcome.answered = open;
    batch.outcome.replies.push_back(std::move(pending));
}

}  // namespace bayeux::broker

// Disconnect request MUST: channel, clientId. MAY: ext, id. Reply MUST: channel, successful. MAY:
// clientId, error, ext, id.
#include "broker/batch_context.hpp"

namespace bayeux::broker {

void disconnect(Batch& batch, const protocol::Message& message) {
    const bool was_alive = batch.store.end_session(batch.session->handle);
    // Later messages of the batch meet an unknown session, and its queue is gone (DC-2).
    batch.session.reset();
    batch.ended = true;
    if (!was_alive) {
        return batch.refuse_session(message);
    }
    batch.accept(message);
}

}  // namespace bayeux::broker

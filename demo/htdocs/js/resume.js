// A session that outlives its connection. ReloadExtension keeps it in the tab's storage when it is
// left; whoever handshakes next goes on with it: the page after a reload, or the same page over
// another transport.

import { ReloadExtension } from '/cometd/cometd.js';

// The name parts the sessions of different pages that one tab shows after each other.
export function keepSession(cometd, name) {
  const key = `session ${name}`;
  let batch;

  cometd.registerExtension('batches', {
    incoming(message) {
      if (message.channel === '/meta/connect' && typeof message.ext?.ack === 'number') {
        batch = message.ext.ack;
      }
      return message;
    },
  });
  // The last to be registered is the first to see what is sent: it holds back a handshake that
  // it answers by itself, and the others never hear of that one.
  cometd.registerExtension('reload', new ReloadExtension({ name: key }));

  // Ends all of this connection and nothing of its session.
  return function leave(transport) {
    cometd.reload();
    const state = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    if (!state.handshakeResponse || !(transport ?? state.transportType)) {
      sessionStorage.removeItem(key);
      return;
    }
    state.transportType = transport ?? state.transportType;
    // The reply to the handshake will be heard again. What it says of the time is old by then, and
    // AckExtension would start again at batch 0: with the last one it asks for nothing that was shown.
    const { timesync, ...ext } = state.handshakeResponse.ext ?? {};
    state.handshakeResponse.ext = batch === undefined ? ext : { ...ext, ack: { enabled: true, batch } };
    sessionStorage.setItem(key, JSON.stringify(state));
  };
}

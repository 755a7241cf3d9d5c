// One Bayeux session of the page, by the stock CometD client. A login makes a new one, because
// the server takes a session's user from the request that carries it.

import { CometD } from '/cometd/cometd.js';
import { kScripted } from './login.js';

const kRetry = 1000;
const kMaxRetry = 5000;
const kGoodbye = 2000;

// A browser's WebSocket cannot carry an Authorization header, so members stay with HTTP.
// Add ?transport=websocket to the page's address to try the other one as a guest.
function keepOneTransport(cometd, authorization) {
  const wanted = new URLSearchParams(location.search).get('transport');
  const types = cometd.getTransportTypes();
  const kept = !authorization && types.includes(wanted) ? wanted : 'long-polling';
  types.filter((type) => type !== kept).forEach((type) => cometd.unregisterTransport(type));
}

export function createConnection({ url, authorization, onState, onReady, onWire }) {
  const cometd = new CometD();
  const requestHeaders = authorization ? { ...kScripted, Authorization: authorization } : {};
  const handlers = new Map();
  let state = 'closed';

  const setState = (next, detail = '') => {
    state = next;
    onState(next, detail, cometd.getTransport()?.type ?? '');
  };

  const connectReplied = (message) => {
    if (cometd.isDisconnected()) {
      setState('closed');
    } else if (!message.successful) {
      setState(message.advice?.reconnect === 'handshake' ? 'connecting' : 'broken',
               message.error ?? 'no answer from the server');
    } else {
      const shared = cometd.getAdvice()['multiple-clients'] === true;
      setState('connected', shared ? 'another tab of this browser holds the connection' : '');
    }
  };

  const handshakeReplied = (message) => {
    if (!message.successful) {
      setState('broken', message.error ?? 'no answer from the server');
      return;
    }
    // The server forgets subscriptions with the session: each handshake needs them anew.
    cometd.batch(onReady);
  };

  keepOneTransport(cometd, authorization);
  cometd.configure({
    url: new URL(url, location.href).href,
    requestHeaders,
    backoffIncrement: kRetry,
    maxBackoff: kMaxRetry,
    logLevel: 'warn',
  });
  cometd.registerExtension('wire', {
    incoming: (message) => (onWire('in', message), message),
    outgoing: (message) => (onWire('out', message), message),
  });
  cometd.addListener('/meta/handshake', handshakeReplied);
  cometd.addListener('/meta/connect', connectReplied);

  return {
    start() {
      setState('connecting');
      cometd.handshake();
    },

    // Resolves when the server said goodbye, or when it took too long to.
    stop() {
      return new Promise((resolve) => {
        if (cometd.isDisconnected()) {
          resolve();
          return;
        }
        setTimeout(resolve, kGoodbye);
        cometd.disconnect(resolve);
      });
    },

    isConnected: () => state === 'connected',
    batch: (action) => cometd.batch(action),
    setTimeout: (action, delay) => cometd.setTimeout(action, delay),
    clearTimeout: (timer) => cometd.clearTimeout(timer),

    // One handler for each channel: asking twice does not show a message twice.
    subscribe(channel, onMessage) {
      handlers.set(channel, onMessage);
      return new Promise((resolve) => {
        cometd.subscribe(channel, (message) => {
          if (handlers.get(channel) === onMessage) {
            onMessage(message.data);
          }
        }, resolve);
      });
    },

    publish(channel, data) {
      return new Promise((resolve) => {
        if (cometd.isDisconnected()) {
          resolve({ successful: false });
        } else {
          cometd.publish(channel, data, resolve);
        }
      });
    },

    // A page that is going away has no time for answers: one request that outlives it.
    abandon(channel, data) {
      const clientId = cometd.getClientId();
      if (clientId && !cometd.isDisconnected()) {
        const messages = [
          { channel, clientId, data },
          { channel: '/meta/disconnect', clientId },
        ];
        fetch(url, {
          method: 'POST',
          keepalive: true,
          headers: { ...requestHeaders, 'Content-Type': 'application/json' },
          body: JSON.stringify(messages),
        }).catch(() => {});
      }
    },
  };
}

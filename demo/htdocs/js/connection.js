// One connection of the page to its Bayeux session, by the stock CometD client.

import { AckExtension, CometD } from '/cometd/cometd.js';
import { kScripted } from './login.js';
import { keepSession } from './resume.js';

const kRetry = 500;
const kMaxRetry = 1500;
const kGoodbye = 2000;

// In the order of preference.
export const kTransports = ['websocket', 'long-polling'];

// Whatever comes next, the handshake goes by HTTP: its reply brings the cookie without which no
// session may move from a WebSocket to HTTP later.
function handshakeByHttp(cometd) {
  cometd.getTransportTypes().filter((type) => type !== 'long-polling').forEach((type) => {
    const transport = cometd.unregisterTransport(type);
    if (kTransports.includes(type)) {
      cometd.registerTransport(type, transport);
    }
  });
}

// The client takes the first of its own transports that the reply to a handshake names.
const choose = (transport) => ({
  incoming(message) {
    if (message.channel === '/meta/handshake' && message.supportedConnectionTypes?.includes(transport)) {
      message.supportedConnectionTypes = [transport];
    }
    return message;
  },
});

function addExtensions(cometd, { transport, timesync, onWire }) {
  // The first to be registered sees what comes before all others and what goes after them.
  cometd.registerExtension('wire', {
    // A handshake that was replayed from the tab's storage has not been on the wire.
    incoming: (message) => (message.ext?.reload || onWire('in', message), message),
    outgoing: (message) => (onWire('out', message), message),
  });
  cometd.registerExtension('choose', choose(transport));
  cometd.registerExtension('ack', new AckExtension());
  cometd.registerExtension('timesync', timesync);
}

export function createConnection({ name, url, authorization, onState, onReady, ...extensions }) {
  const cometd = new CometD();
  const requestHeaders = authorization ? { ...kScripted, Authorization: authorization } : {};
  const handlers = new Map();
  const calls = new Set();
  let heard = [];
  let acknowledging = false;
  let state = 'closed';

  const setState = (next, detail = '') => {
    state = next;
    onState(next, detail, cometd.getTransport()?.type ?? '');
  };

  // Over a WebSocket events come some time ahead of the reply that has the number of their batch, and
  // count only with it: when the connection breaks in between they come again.
  const hear = (handle, data) => {
    if (acknowledging) {
      heard.push(() => handle(data));
    } else {
      handle(data);
    }
  };

  const connectReplied = (message) => {
    const counted = message.successful ? heard : [];
    heard = [];
    counted.forEach((action) => action());
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
    acknowledging = Boolean(message.ext?.ack);
    // The server forgets subscriptions with the session: each handshake needs them anew.
    cometd.batch(onReady);
  };

  handshakeByHttp(cometd);
  cometd.configure({
    url: new URL(url, location.href).href,
    requestHeaders,
    backoffIncrement: kRetry,
    maxBackoff: kMaxRetry,
    logLevel: 'warn',
  });
  addExtensions(cometd, extensions);
  const leaveSession = keepSession(cometd, name);
  cometd.addListener('/meta/handshake', handshakeReplied);
  cometd.addListener('/meta/connect', connectReplied);

  // The session goes on elsewhere, but what comes there finds nobody who knows of these calls.
  const forgetCalls = () => calls.forEach((answer) =>
    answer({ successful: false, error: 'The answer is lost: this page has another connection now.' }));

  return {
    leave(transport) {
      leaveSession(transport);
      forgetCalls();
    },

    start() {
      setState('connecting');
      cometd.handshake();
    },

    // Resolves when the server said goodbye, or when it took too long to.
    stop() {
      forgetCalls();
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
    setTimeout: (action, delay) => cometd.setTimeout(action, delay),

    // One handler for each channel: asking twice does not show a message twice.
    subscribe(channel, onMessage) {
      handlers.set(channel, onMessage);
      return new Promise((resolve) => {
        cometd.subscribe(channel, (message) => {
          if (handlers.get(channel) === onMessage) {
            hear(onMessage, message.data);
          }
        }, resolve);
      });
    },

    // What comes on this channel without being asked for, such as a message to this user alone.
    listen(channel, onMessage) {
      if (!handlers.has(channel)) {
        cometd.addListener(channel, (message) => {
          if (message.data !== undefined && message.successful === undefined) {
            hear(handlers.get(channel), message.data);
          }
        });
      }
      handlers.set(channel, onMessage);
    },

    // Asks the service of this name, and resolves with its answer.
    call(service, data, timeout) {
      return new Promise((resolve) => {
        if (cometd.isDisconnected()) {
          resolve({ successful: false });
          return;
        }
        const answer = (reply) => {
          calls.delete(answer);
          resolve(reply);
        };
        calls.add(answer);
        cometd.remoteCall(service, data, timeout, answer);
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
    sendLast(messages) {
      const clientId = cometd.getClientId();
      if (clientId && messages.length > 0 && !cometd.isDisconnected()) {
        fetch(url, {
          method: 'POST',
          keepalive: true,
          headers: { ...requestHeaders, 'Content-Type': 'application/json' },
          body: JSON.stringify(messages.map((message) => ({ ...message, clientId }))),
        }).catch(() => {});
      }
    },
  };
}

// A stock CometD client with the extensions ack, timesync and reload, on the transport that the test
// names, over a network that the test can cut.

import { AckExtension } from 'cometd/AckExtension.js';
import { ReloadExtension } from 'cometd/ReloadExtension.js';
import { TimeSyncExtension } from 'cometd/TimeSyncExtension.js';
import { WebSocketTransport } from 'cometd/WebSocketTransport.js';
import { CometdClient } from './cometd_client.mjs';
import { Inbox } from './inbox.mjs';

// What a browser keeps for a page that is loaded again.
const stored = new Map();
window.sessionStorage = {
  getItem: (key) => stored.get(key) ?? null,
  setItem: (key, value) => stored.set(key, value),
  removeItem: (key) => stored.delete(key),
};

// Whether the transport was on a WebSocket is known from the sockets that the client opened.
const opened = new Map();
const PlainWebSocket = window.WebSocket;
window.WebSocket = class extends PlainWebSocket {
  constructor(url, ...rest) {
    super(url, ...rest);
    opened.set(url, (opened.get(url) ?? 0) + 1);
  }
};

export class CometdNetworkClient extends CometdClient {
  constructor(name, url, transport, browser = undefined) {
    super(name, url);
    this.transport = transport;
    this.inbox = new Inbox();
    if (browser !== undefined) {
      this.browser = browser;
      this.cometd.findTransport('long-polling').context = browser;
    }
    if (transport === 'websocket') {
      this.cometd.unregisterTransport('long-polling');
      this.cometd.registerTransport('websocket', new WebSocketTransport());
    }
    this.cometd.configure({ url, backoffIncrement: 100, maxBackoff: 300, logLevel: 'error' });
    this.timesync = new TimeSyncExtension();
    this.reload = new ReloadExtension({ name: `reload-${name}` });
    this.cometd.registerExtension('ack', new AckExtension());
    this.cometd.registerExtension('timesync', this.timesync);
    this.cometd.registerExtension('reload', this.reload);
    this.handshakeReplies = [];
    this.cometd.addListener('/meta/handshake', (reply) => this.handshakeReplies.push(reply));
    // After a reload a listener must be there before the first connect brings what waited.
    this.cometd.addListener('/meta/connect', () => {});
  }

  socketsOpened() {
    return opened.get(this.url.replace(/^http/, 'ws')) ?? 0;
  }

  // The page goes away and comes again: another object, the state that was stored, the same cookies.
  reloaded() {
    this.cometd.reload();
    return new CometdNetworkClient(this.name, this.url, this.transport, this.browser);
  }
}


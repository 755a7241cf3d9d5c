// A stock CometD client in Node, with what a browser has and Node shares: a cookie jar of its own, so
// that the server sees as many browsers as there are clients (BR-3), and a network that can fail.

import { adapt } from 'cometd-nodejs-client';
import { XMLHttpRequest } from 'cometd-nodejs-client/src/XMLHttpRequest.js';
import { CometD } from 'cometd';
import { inTime } from './tap.mjs';

// Cookies and requests under way of one client; the transport hands it to each of its requests.
class Browser {
  cookies = new Map();
  requests = new Set();
  online = true;

  cutOff() {
    this.online = false;
    [...this.requests].forEach((request) => request.abort());
  }
}

class BrowserRequest extends XMLHttpRequest {
  constructor() {
    super({
      cookies: {
        storeCookie: (_uri, header, done) => (this.#store(header), done()),
        retrieveCookies: (_context, _uri, done) => done(null, [...this.context.cookies.values()]),
      },
    });
  }

  #store(header) {
    const pair = header.split(';')[0].trim();
    this.context.cookies.set(pair.slice(0, pair.indexOf('=')), pair);
  }

  send(body) {
    if (!this.context.online) {
      setTimeout(() => this.onerror(), 0);
      return;
    }
    this.context.requests.add(this);
    for (const event of ['onload', 'onerror']) {
      const handler = this[event];
      this[event] = (...args) => (this.context.requests.delete(this), handler(...args));
    }
    super.send(body);
  }
}

adapt();
window.XMLHttpRequest = BrowserRequest;
// The library announces each failed connect, and failing is part of the test.
window.console = { ...console, info() {}, debug() {} };

export class CometdClient {
  constructor(name, url) {
    this.name = name;
    this.url = url;
    this.browser = new Browser();
    this.handshakes = 0;
    this.connects = 0;
    this.onHandshake = () => {};
    this.cometd = new CometD(name);
    this.cometd.unregisterTransport('websocket');
    this.cometd.unregisterTransport('callback-polling');
    this.cometd.findTransport('long-polling').context = this.browser;
    this.cometd.configure({ url, backoffIncrement: 200, maxBackoff: 400, logLevel: 'warn' });
    this.cometd.addListener('/meta/handshake', (reply) => {
      if (reply.successful) {
        this.handshakes += 1;
        this.onHandshake();
      }
    });
    this.cometd.addListener('/meta/connect', (reply) => {
      this.connects += reply.successful ? 1 : 0;
    });
  }

  // What the library reports by callback, as a promise of the reply.
  #reply(what, start) {
    return inTime(new Promise(start), `${this.name}: ${what}`);
  }

  handshake() {
    return this.#reply('handshake', (resolve) => this.cometd.handshake(resolve));
  }

  subscribe(channel, onMessage) {
    return this.#reply(`subscribe ${channel}`, (resolve) => {
      const handle = this.cometd.subscribe(channel, onMessage, (reply) => resolve({ handle, reply }));
    });
  }

  unsubscribe(handle) {
    return this.#reply('unsubscribe', (resolve) => this.cometd.unsubscribe(handle, resolve));
  }

  publish(channel, data) {
    return this.#reply(`publish ${channel}`, (resolve) => this.cometd.publish(channel, data, resolve));
  }

  // All of these in one request.
  publishBatch(channel, list) {
    const replies = [];
    this.cometd.batch(() => list.forEach((data) => replies.push(this.publish(channel, data))));
    return Promise.all(replies);
  }

  disconnect() {
    return this.#reply('disconnect', (resolve) => this.cometd.disconnect(resolve));
  }

  // Ends the session at the server while the client is cut off and cannot learn of it.
  async loseSession() {
    const clientId = this.cometd.getClientId();
    this.browser.cutOff();
    const reply = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: [...this.browser.cookies.values()].join('; ') },
      body: JSON.stringify([{ channel: '/meta/disconnect', clientId }]),
    });
    const messages = await reply.json();
    this.browser.online = true;
    return messages.find(({ channel }) => channel === '/meta/disconnect');
  }
}

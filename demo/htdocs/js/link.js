// The page's link to the server: in which session it is and over which transport, and what becomes
// of both on a login, a change of transport, a pulled cable and a reload.

import * as cable from './cable.js';
import { createConnection, kTransports } from './connection.js';

const kGuestUrl = 'bayeux';
const kMemberUrl = 'members/bayeux';

export class Link {
  member = null;
  #name;
  #timesync;
  #events;
  #connection = null;
  #timers = null;
  #transport = sessionStorage.getItem('transport') ?? kTransports[0];
  #websocketWorks = false;
  #outage = null;

  // The events: onReady() when subscriptions are due, onState(state, detail, transport),
  // onReplayed(count) after the cable was out, onWire(way, message).
  constructor(name, timesync, events) {
    this.#name = name;
    this.#timesync = timesync;
    this.#events = events;
  }

  // A browser's WebSocket cannot carry an Authorization header, so members stay with HTTP.
  get transports() {
    return this.member ? kTransports.filter((type) => type !== 'websocket') : kTransports;
  }

  start() {
    const transport = this.transports.includes(this.#transport) ? this.#transport : this.transports[0];
    const connection = createConnection({
      name: this.#name,
      url: this.member ? kMemberUrl : kGuestUrl,
      authorization: this.member?.authorization,
      transport,
      timesync: this.#timesync,
      // The last words of a connection that another has replaced are of no interest.
      onState: (...state) => connection === this.#connection && this.#changed(...state),
      onReady: () => this.#events.onReady(),
      onWire: (...what) => this.#events.onWire(...what),
    });
    this.#connection = connection;
    this.#timers ??= connection;
    connection.start();
  }

  // A login, or with null a logout: another session, as the server takes the user of one from the
  // requests that carry it.
  async become(member) {
    const last = this.#connection;
    this.#connection = null;
    this.#events.onState('connecting', '', '');
    await last.stop();
    this.member = member;
    this.start();
  }

  // The user's choice.
  use(transport) {
    sessionStorage.setItem('transport', transport);
    this.#goOnWith(transport);
  }

  pullCable() {
    this.#outage = { replayed: 0 };
    cable.pull();
  }

  plugIn() {
    cable.plugIn();
  }

  // To be asked for each message that is heard: whether it was said while the cable was out.
  noteHeard() {
    if (!this.#outage) {
      return false;
    }
    this.#outage.replayed += 1;
    return true;
  }

  // The page goes away. A guest's session waits for the next page; a member's ends, as no page
  // keeps passwords.
  leave(farewell = []) {
    if (!this.#connection) {
      return;
    }
    if (this.member) {
      this.#connection.sendLast([...farewell, { channel: '/meta/disconnect' }]);
    } else {
      this.#connection.sendLast(farewell);
      this.#connection.leave();
    }
  }

  isConnected = () => this.#connection?.isConnected() ?? false;
  subscribe = (channel, onMessage) => this.#connection.subscribe(channel, onMessage);
  listen = (channel, onMessage) => this.#connection.listen(channel, onMessage);
  call = async (service, data, timeout) =>
    this.#connection ? this.#connection.call(service, data, timeout) : { successful: false };
  publish = async (channel, data) =>
    this.#connection ? this.#connection.publish(channel, data) : { successful: false };

  // These go on when the page is hidden.
  setTimeout = (action, delay) => this.#timers.setTimeout(action, delay);

  // The reply to a connect comes after the events that waited for it, so all of them are here. Where
  // no WebSocket gets through, long-polling does.
  #changed(state, detail, transport) {
    const out = cable.isOut();
    this.#events.onState(state, out ? 'the cable is out' : detail, transport);
    if (state === 'connected' && this.#outage && !out) {
      const { replayed } = this.#outage;
      this.#outage = null;
      this.#events.onReplayed(replayed);
    }
    if (transport === 'websocket') {
      this.#websocketWorks ||= state === 'connected';
      if (state === 'broken' && !this.#websocketWorks && !out) {
        this.#goOnWith('long-polling');
      }
    }
  }

  // The same session over another transport.
  #goOnWith(transport) {
    const last = this.#connection;
    this.#connection = null;
    this.#transport = transport;
    last.leave(transport);
    this.start();
  }
}

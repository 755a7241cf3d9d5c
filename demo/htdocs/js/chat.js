// The chat itself: which room is open, what is said in it, and over which connection.

import { createConnection } from './connection.js';
import { cleanName, nameOf } from './identity.js';
import { createPresence } from './presence.js';
import { createRooms, remember } from './rooms.js';
import * as view from './chat_view.js';

const kTextLength = 500;
const kAskAgain = 2000;
const kGuestUrl = 'bayeux';
const kMemberUrl = 'members/bayeux';

export class Chat {
  #identity;
  #onWire;
  #rooms = createRooms();
  #open = this.#rooms[0];
  #presence;
  #connection = null;

  constructor(identity, onWire) {
    this.#identity = identity;
    this.#onWire = onWire;
    this.#presence = createPresence(identity, () => this.#drawPeople());
  }

  start() {
    this.#enter(this.#open);
    this.#connect();
  }

  // A login, or with null a logout: another session, as the server takes the user from its requests.
  async become(member) {
    this.#presence.detach();
    await this.#connection.stop();
    this.#identity.member = member;
    this.#add(this.#open, { kind: 'event', text: member ? `Logged in as ${member.user}` : 'Logged out' });
    this.#connect();
  }

  renamed() {
    view.drawMe(nameOf(this.#identity), false);
    this.#presence.announce();
  }

  retry() {
    this.#askAgain(this.#open);
  }

  // Returns whether the server took it; a refusal is shown with the server's own words.
  async say(said) {
    const room = this.#open;
    const text = said.slice(0, kTextLength);
    const { key } = this.#identity;
    const reply = await this.#connection.publish(room.talk, { name: nameOf(this.#identity), text, key });
    if (room === this.#open) {
      view.showRefusal(reply.successful ? '' : `Not sent. ${explain(reply)}`);
    }
    return reply.successful;
  }

  leave() {
    this.#connection.abandon(this.#open.presence, this.#presence.farewell());
  }

  #connect() {
    const { member } = this.#identity;
    view.drawMe(nameOf(this.#identity), Boolean(member));
    const connection = createConnection({
      url: member ? kMemberUrl : kGuestUrl,
      authorization: member?.authorization,
      onWire: this.#onWire,
      // The last words of a session that a login has replaced are of no interest.
      onState: (...state) => connection === this.#connection && view.drawStatus(...state),
      onReady: () => this.#rooms.forEach((room) => this.#subscribe(room)),
    });
    this.#connection = connection;
    this.#presence.attach(connection);
    connection.start();
  }

  async #subscribe(room) {
    const attempt = { connection: this.#connection };
    room.attempt = attempt;
    room.subscribed = false;
    const replies = await Promise.all([
      attempt.connection.subscribe(room.talk, (data) => this.#hear(room, data)),
      attempt.connection.subscribe(room.presence, (data) => this.#presence.hear(room, data)),
    ]);
    if (room.attempt === attempt && attempt.connection === this.#connection) {
      room.attempt = null;
      this.#subscribed(room, replies);
    }
  }

  // The server decides who may read. What is no refusal was a mishap, and is tried again.
  #subscribed(room, replies) {
    const refused = replies.find(({ error }) => error?.startsWith('403'));
    const refusal = refused ? refused.error : null;
    const changed = refusal !== room.refusal;
    room.refusal = refusal;
    room.subscribed = replies.every(({ successful }) => successful);
    if (!room.subscribed && !refusal) {
      this.#connection.setTimeout(() => this.#askAgain(room), kAskAgain);
    }
    this.#drawRooms();
    if (room === this.#open) {
      if (changed) {
        view.drawRoom(room);
      }
      this.#presence.announce();
    }
  }

  #askAgain(room) {
    if (!room.subscribed && !room.attempt && this.#connection?.isConnected()) {
      this.#subscribe(room);
    }
  }

  #enter(room) {
    this.#open = room;
    room.unread = 0;
    view.drawRoom(room);
    this.#drawRooms();
    this.#presence.enter(room);
    this.#drawPeople();
    // The rules may have changed; if not, the panel shows the refusal at this moment.
    this.#askAgain(room);
  }

  #hear(room, data) {
    const name = cleanName(data?.name);
    if (name === '' || typeof data.text !== 'string' || typeof data.key !== 'string') {
      return;
    }
    const text = data.text.slice(0, kTextLength);
    const mine = data.key === this.#identity.key;
    this.#add(room, { kind: 'message', key: data.key, name, text, mine, at: Date.now() });
  }

  #add(room, entry) {
    remember(room, entry);
    if (room === this.#open) {
      view.appendEntry(room, entry);
    } else if (entry.kind === 'message') {
      room.unread += 1;
      this.#drawRooms();
    }
  }

  #drawRooms() {
    view.drawRooms(this.#rooms, this.#open, (room) => this.#enter(room));
  }

  #drawPeople() {
    view.drawPeople(this.#presence.people(this.#open));
  }
}

function explain(reply) {
  if (!reply.error) {
    return 'The server cannot be reached; try again in a moment.';
  }
  const reason = reply.error.startsWith('403') ? 'You may not write in this room' : 'The server says no';
  return `${reason}: ${reply.error}`;
}

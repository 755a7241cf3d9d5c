// The chat itself: which room is open, what is said in it, and what the link to the server brings.

import { byId, drawMember } from './dom.js';
import { cleanName, nameOf } from './identity.js';
import { Link } from './link.js';
import { createPresence } from './presence.js';
import { createRooms, entriesOf, remember } from './rooms.js';
import * as view from './chat_view.js';

const kTextLength = 500;
const kAskAgain = 2000;

export class Chat {
  #identity;
  #rooms;
  #open;
  #presence;

  // The entries are those of the page before a reload.
  constructor(identity, timesync, events, entries) {
    this.#identity = identity;
    this.#rooms = createRooms(entries);
    this.#open = this.#rooms[0];
    this.link = new Link('chat', timesync, {
      ...events,
      onReady: () => this.#rooms.forEach((room) => this.#subscribe(room)),
    });
    this.#presence = createPresence(identity, this.link, () => this.#drawPeople());
  }

  start() {
    this.link.start();
    this.#presence.start();
    this.#enter(this.#open);
    this.#drawMe();
  }

  // A login, or with null a logout.
  async become(member) {
    this.#presence.leave();
    this.#identity.member = member;
    this.note(member ? `Logged in as ${member.user}` : 'Logged out');
    this.#drawMe();
    await this.link.become(member);
  }

  renamed() {
    this.#drawMe();
    this.#presence.announce();
  }

  retry() {
    this.#askAgain(this.#open);
  }

  // Something that happened here, between the messages.
  note(text) {
    this.#add(this.#open, { kind: 'event', text });
  }

  // Returns whether the server took it; a refusal is shown with the server's own words.
  async say(said) {
    const room = this.#open;
    const text = said.slice(0, kTextLength);
    const { key } = this.#identity;
    const reply = await this.link.publish(room.talk, { name: nameOf(this.#identity), text, key });
    if (room === this.#open) {
      view.showRefusal(reply.successful ? '' : `Not sent. ${explain(reply)}`);
    }
    return reply.successful;
  }

  // Returns what the page after a reload needs; that of a member begins as a guest.
  leave() {
    this.link.leave([{ channel: this.#open.presence, data: this.#presence.farewell() }]);
    return this.link.member ? {} : { key: this.#identity.key, entries: entriesOf(this.#rooms) };
  }

  async #subscribe(room) {
    const attempt = {};
    room.attempt = attempt;
    room.subscribed = false;
    const replies = await Promise.all([
      this.link.subscribe(room.talk, (data) => this.#hear(room, data)),
      this.link.subscribe(room.presence, (data) => this.#presence.hear(room, data)),
    ]);
    if (room.attempt === attempt) {
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
      this.link.setTimeout(() => this.#askAgain(room), kAskAgain);
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
    if (!room.subscribed && !room.attempt && this.link.isConnected()) {
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
    const replayed = !mine && this.link.noteHeard();
    this.#add(room, { kind: 'message', key: data.key, name, text, mine, replayed, at: Date.now() });
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

  #drawMe() {
    drawMember(this.#identity.member, nameOf(this.#identity));
    byId('rename').hidden = Boolean(this.#identity.member);
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

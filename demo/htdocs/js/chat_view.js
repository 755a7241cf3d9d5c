// Draws the rooms, the people and the open room's messages.

import { appendAndFollow, avatar, byId, element, icon } from './dom.js';

const kGroup = 120000;

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

function drawMessage(entry, previous) {
  const follows = previous?.key === entry.key && previous.name === entry.name &&
    previous.replayed === entry.replayed && entry.at - previous.at < kGroup;
  const className = `message${entry.mine ? ' mine' : ''}${follows ? ' follows' : ''}`;
  return element('li', className,
    avatar(entry.name),
    element('p', 'byline', element('b', '', entry.name), ` ${clock(entry.at)}`,
      entry.replayed ? ' · replayed' : ''),
    element('p', 'text', entry.text));
}

const drawEntry = (entry, previous) =>
  entry.kind === 'event' ? element('li', 'event', entry.text) : drawMessage(entry, previous);

function drawRoomButton(room, open, onOpen) {
  const button = element('button', '', element('span', 'name', room.id));
  button.type = 'button';
  button.dataset.room = room.id;
  if (room === open) {
    button.setAttribute('aria-current', 'true');
  }
  if (room.refusal) {
    button.append(icon('icon-lock'), element('span', 'hidden-label', '(closed to you)'));
  }
  if (room.unread > 0) {
    button.append(element('span', 'unread', String(room.unread)),
      element('span', 'hidden-label', ' unread'));
  }
  button.addEventListener('click', () => onOpen(room));
  return element('li', '', button);
}

export function drawRooms(rooms, open, onOpen) {
  const list = byId('rooms');
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.room;
  list.replaceChildren(...rooms.map((room) => drawRoomButton(room, open, onOpen)));
  if (focused) {
    list.querySelector(`[data-room="${focused}"]`).focus();
  }
}

export function drawPeople(people) {
  byId('people-count').textContent = String(people.length);
  byId('people').replaceChildren(...people.map(({ name, mine }) =>
    element('li', mine ? 'mine' : '', avatar(name), element('span', '', name))));
}

export function drawRoom(room) {
  const log = byId('log');
  byId('room-title').textContent = room.id;
  byId('room-note').textContent = room.note;
  byId('locked').hidden = !room.refusal;
  byId('locked-error').textContent = room.refusal ?? '';
  byId('composer').hidden = Boolean(room.refusal);
  log.hidden = Boolean(room.refusal);
  log.replaceChildren(...room.entries.map((entry, i) => drawEntry(entry, room.entries[i - 1])));
  log.scrollTop = log.scrollHeight;
  showRefusal('');
}

export function appendEntry(room, entry) {
  appendAndFollow(byId('log'), drawEntry(entry, room.entries.at(-2)));
}

export function showRefusal(text) {
  byId('refusal').textContent = text;
  byId('refusal').hidden = text === '';
}

// Who is here, told by the server: a member is here while a page of hers is subscribed to the lobby,
// and is so once, however many pages these are. Nobody says anything in the lobby itself.

import { avatar, byId, element } from './dom.js';

const kLobby = '/private/lobby';
const kPresence = `/presence${kLobby}`;

export function createHere(link, onChoose) {
  const names = new Set();
  let session = null;

  const drawName = (name) => {
    const mine = name === link.member.user;
    const button = element('button', mine ? 'mine' : '', avatar(name), element('span', 'name', name));
    button.type = 'button';
    button.dataset.name = name;
    button.title = `Write to ${mine ? 'yourself' : name}`;
    button.addEventListener('click', () => onChoose(name));
    return element('li', '', button);
  };

  const draw = (count) => {
    const list = byId('people');
    const focused = list.contains(document.activeElement) && document.activeElement.dataset.name;
    byId('people-count').textContent = String(count);
    list.replaceChildren(...[...names].sort((a, b) => a.localeCompare(b)).map(drawName));
    [...list.querySelectorAll('button')].find(({ dataset }) => dataset.name === focused)?.focus();
  };

  // First comes who is here already, then each change.
  const hear = ({ here, join = [], leave = [], count }) => {
    if (here) {
      names.clear();
    }
    leave.forEach((name) => names.delete(name));
    (here ?? join).forEach((name) => names.add(name));
    draw(count);
  };

  return {
    enter() {
      const entered = {};
      session = entered;
      link.subscribe(kLobby, () => {});
      link.subscribe(kPresence, (data) => session === entered && hear(data));
    },

    // Ahead of another session. What the last one still hears is of no interest.
    forget(member) {
      session = null;
      names.clear();
      draw(0);
      byId('people-note').hidden = Boolean(member);
      byId('people-count').hidden = byId('people').hidden = !member;
    },
  };
}

// Who is here, found out by the pages themselves: whoever opens a room says "join" on the room's
// presence channel, the others answer "here", and each repeats itself so that one that fell
// silent is forgotten.

import { cleanName, nameOf } from './identity.js';

const kHeartbeat = 10000;
const kForget = 25000;
const kSpread = 250;

export function createPresence(identity, link, onChange) {
  const peopleOf = new Map();
  let room = null;

  const peopleIn = (id) => {
    if (!peopleOf.has(id)) {
      peopleOf.set(id, new Map());
    }
    return peopleOf.get(id);
  };

  const say = (type, where = room) => {
    if (where && !where.refusal) {
      link.publish(where.presence, { type, name: nameOf(identity), key: identity.key });
    }
  };

  const forgetSilent = () => {
    const oldest = Date.now() - kForget;
    for (const people of peopleOf.values()) {
      for (const [key, person] of people) {
        if (person.heard < oldest) {
          people.delete(key);
        }
      }
    }
    onChange();
  };

  const beat = () => {
    forgetSilent();
    say('here');
    link.setTimeout(beat, kHeartbeat);
  };

  // Answers of many pages to one newcomer are spread a little over time.
  const answer = () => link.setTimeout(() => say('here'), Math.random() * kSpread);

  const hear = (where, data) => {
    const { type, key } = data ?? {};
    const name = cleanName(data?.name);
    if (typeof key !== 'string' || name === '') {
      return;
    }
    if (type === 'leave') {
      peopleIn(where.id).delete(key);
    } else {
      peopleIn(where.id).set(key, { name, heard: Date.now() });
    }
    if (type === 'join' && key !== identity.key && where === room) {
      answer();
    }
    onChange();
  };

  const sorted = (people) =>
    [...people].map(([key, { name }]) => ({ name, mine: key === identity.key }))
      .sort((a, b) => b.mine - a.mine || a.name.localeCompare(b.name));

  return {
    hear,
    people: (where) => sorted(peopleIn(where.id)),
    announce: () => say('join'),

    start() {
      link.setTimeout(beat, kHeartbeat);
    },

    // Ahead of another session: who is here is found out anew.
    leave() {
      say('leave');
      peopleOf.clear();
    },

    enter(next) {
      say('leave');
      room = next;
      say('join');
    },

    farewell: () => ({ type: 'leave', name: nameOf(identity), key: identity.key }),
  };
}

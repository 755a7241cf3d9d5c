// The rooms and their channels. Who may do what is not written here: the server's channel rules
// say it (demo/httpd.conf.in), and the page learns it from the answers.

const channels = (id) => ({ id, talk: `/chat/${id}/talk`, presence: `/chat/presence/${id}` });

const descriptions = [
  { ...channels('lobby'), note: 'Everybody reads, everybody writes.' },
  { ...channels('news'), note: 'Everybody reads, members write.' },
  { ...channels('members'), note: 'For members only.' },
];

const kHistory = 500;

// With the entries of each room on the page before a reload, if there was one.
export function createRooms(entries = {}) {
  return descriptions.map((description) => ({
    ...description,
    entries: entries[description.id] ?? [],
    unread: 0,
    refusal: null,
    subscribed: false,
    attempt: null,
  }));
}

// The history is that of this page: the server keeps none.
export function remember(room, entry) {
  room.entries.push(entry);
  if (room.entries.length > kHistory) {
    room.entries.shift();
  }
}

export const entriesOf = (rooms) => Object.fromEntries(rooms.map(({ id, entries }) => [id, entries]));

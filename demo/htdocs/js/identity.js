// Who this page is: a key that tells two pages apart, and a name that its user chose. Both are
// only what the page says of itself; what the server vouches for are its channel rules.

export const kNameLength = 24;

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function cleanName(value) {
  const text = typeof value === 'string' ? value.replace(/\s+/gu, ' ').trim() : '';
  return [...text].slice(0, kNameLength).join('');
}

// The key is that of the page before a reload, or none.
export function createIdentity(key) {
  const stored = cleanName(sessionStorage.getItem('name'));
  const number = 1000 + (crypto.getRandomValues(new Uint16Array(1))[0] % 9000);
  return { key: key ?? randomKey(), guestName: stored || `guest-${number}`, member: null };
}

export function rename(identity, name) {
  identity.guestName = name;
  sessionStorage.setItem('name', name);
}

export const nameOf = (identity) => identity.member?.user ?? identity.guestName;

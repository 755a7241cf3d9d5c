// Private messages. A page tells the service what it has to say and to whom; what arrives comes from
// the service, which had the sender's name from the server and not from a page.

import { appendAndFollow, avatar, byId, element } from './dom.js';
import { createHere } from './here.js';
import { createPage } from './page.js';

const kInbox = '/private/inbox';
const kTimeout = 10000;
const kTextLength = 500;

const { link, openLogin } = createPage('private', {
  onReady,
  onMember: drawMember,
});
const here = createHere(link, (name) => {
  writeTo(name);
  byId('text').focus();
});

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

function onReady() {
  link.listen(kInbox, hear);
  if (link.member) {
    here.enter();
  }
}

function drawMember(member) {
  here.forget(member);
  byId('locked').hidden = Boolean(member);
  byId('locked-answer').hidden = true;
  byId('log').hidden = byId('composer').hidden = !member;
  byId('log').replaceChildren();
  refuse('');
  if (member) {
    byId('to').value = [...byId('to').options].find(({ value }) => value !== member.user).value;
    note(`You are ${member.user}, on this page and on others`);
    byId('text').focus();
  }
}

// Whoever is here can be written to, also one whom this page did not know of.
function writeTo(name) {
  const to = byId('to');
  if (![...to.options].some(({ value }) => value === name)) {
    to.append(element('option', '', name));
  }
  to.value = name;
}

function refuse(text) {
  byId('refusal').textContent = text;
  byId('refusal').hidden = text === '';
}

const note = (text) => appendAndFollow(byId('log'), element('li', 'event', text));

function hear(data) {
  const { from, to, text, at } = data ?? {};
  if (!link.member || ![from, to, text].every((value) => typeof value === 'string') || !Number.isFinite(at)) {
    return;
  }
  const mine = from === link.member.user;
  const replayed = link.noteHeard() ? ' · replayed' : '';
  appendAndFollow(byId('log'), element('li', mine ? 'message mine' : 'message',
    avatar(from),
    element('p', 'byline', element('b', '', from), ` to ${to} ${clock(at)}${replayed}`),
    element('p', 'text', text)));
  // An answer goes to who has written.
  if (!mine && byId('text').value === '') {
    writeTo(from);
  }
}

const write = (to, text) => link.call(`private/${to}`, { text: text.slice(0, kTextLength) }, kTimeout);

const errorOf = (reply) =>
  reply.data?.message ?? reply.error ?? 'The server cannot be reached; try again in a moment.';

async function send(to, text) {
  const reply = await write(to, text);
  refuse(reply.successful ? '' : `Not sent. ${errorOf(reply)}`);
  if (reply.successful && reply.data.sessions === 0) {
    note(`${to} is not logged in anywhere, and has not got this`);
  }
  // What was refused comes back into the field, unless its writer went on meanwhile.
  if (!reply.successful && byId('text').value === '') {
    byId('text').value = text;
  }
}

async function tryAsGuest() {
  const reply = await write('bob', 'Hello Bob, I am Alice');
  byId('locked-error').textContent = errorOf(reply);
  byId('locked-answer').hidden = false;
}

byId('locked-login').addEventListener('click', openLogin);
byId('locked-try').addEventListener('click', tryAsGuest);
byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = byId('text').value.trim();
  if (text !== '') {
    byId('text').value = '';
    send(byId('to').value, text);
  }
});
link.start();

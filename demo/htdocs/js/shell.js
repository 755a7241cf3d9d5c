// The page that shows what comes from a shell: commands to copy, and what arrives when they run.

import { appendAndFollow, byId, element } from './dom.js';
import { createPage } from './page.js';

const kChannel = '/shell/screen';
const kKept = 100;
const kShown = 2000;
const kCopied = 1500;

const { origin } = location;
const commands = [
  {
    title: 'One message',
    text: `build/bayeux publish ${origin}/bayeux ${kChannel} '"Hello from a shell"'`,
    note: 'A session like that of a page: the rules of the channel decide.',
  },
  {
    title: 'One a second',
    text: `while sleep 1; do date '+{"time":"%T"}'; done | build/bayeux publish ${origin}/bayeux ${kChannel} -`,
    note: 'Each line of what another program says, as soon as it is there.',
  },
  {
    title: 'With curl',
    text: `curl -u alice:wonder -H 'Content-Type: application/json' -d '{"load":0.7}' ` +
      `${origin}/members/publish${kChannel}`,
    note: 'A plain POST, for members only. It answers how many sessions it reached.',
  },
  {
    title: 'The other way',
    text: `build/bayeux subscribe ${origin}/bayeux '/shell/**'`,
    note: 'Prints what this page sends, one line each.',
  },
];

const { link, kept } = createPage('shell', {
  onReady: () => link.subscribe(kChannel, (data) => hear(data)),
  keep: () => ({ arrived }),
});
const arrived = Array.isArray(kept.arrived) ? kept.arrived : [];

async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
  } catch {
    // The browser does not let us: its user can, and it is selected.
    getSelection().selectAllChildren(code);
    button.textContent = 'Selected';
  }
  setTimeout(() => (button.textContent = 'Copy'), kCopied);
}

function drawCommand({ title, text, note }) {
  const code = element('code', '', text);
  const button = element('button', 'quiet', 'Copy');
  button.type = 'button';
  button.setAttribute('aria-label', `Copy: ${title}`);
  button.addEventListener('click', () => copy(button, code));
  return element('li', '',
    element('h3', '', title),
    element('p', 'command', code, button),
    element('p', 'note', note));
}

function drawArrived({ at, text, replayed }) {
  const time = element('time', '', new Date(at).toLocaleTimeString([], { hour12: false }));
  const list = byId('arrived');
  appendAndFollow(list, element('li', replayed ? 'replayed' : '', time, element('code', '', text)));
  while (list.childElementCount > kKept) {
    list.firstElementChild.remove();
  }
}

function drawCount() {
  byId('count').textContent = String(arrived.length);
  byId('waiting').hidden = arrived.length > 0;
}

function hear(data) {
  const entry = { at: Date.now(), text: JSON.stringify(data).slice(0, kShown), replayed: link.noteHeard() };
  arrived.push(entry);
  if (arrived.length > kKept) {
    arrived.shift();
  }
  drawArrived(entry);
  drawCount();
}

async function send(text) {
  const reply = await link.publish(kChannel, { text });
  byId('refusal').textContent = reply.successful ? '' :
    `Not sent. ${reply.error ?? 'The server cannot be reached; try again in a moment.'}`;
  byId('refusal').hidden = reply.successful;
}

byId('commands').append(...commands.map(drawCommand));
byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = byId('text').value.trim();
  if (text !== '') {
    byId('text').value = '';
    send(text);
  }
});
arrived.forEach(drawArrived);
drawCount();
link.start();

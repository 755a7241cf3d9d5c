// The page of calls: a question to a service and its answer, and what a slow one says meanwhile.

import { byId } from './dom.js';
import { createPage } from './page.js';
import { createWirePanel } from './wire_panel.js';

const kTimeout = 15000;
const kSlow = '/service/slow';

// Which of this page's slow calls is under way: the service may still speak of one that was given up.
let slowKey = '';

const { link } = createPage('calls', {
  onReady: () => link.listen(kSlow, hearProgress),
  onWire: createWirePanel(),
});

// What is no number goes as the text that it is: it is the service that says no.
function numberIn(id) {
  const text = byId(id).value.trim();
  return text === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

const questions = {
  echo: () => byId('echo-text').value,
  add: () => [numberIn('add-first'), numberIn('add-second')],
  slow: () => ({ key: slowKey }),
};

function hearProgress(data) {
  if (slowKey === '' || data?.key !== slowKey || !Number.isInteger(data.done) || !Number.isInteger(data.of)) {
    return;
  }
  byId('slow-progress').max = data.of;
  byId('slow-progress').value = data.done;
  drawAnswer('slow', `${data.done} of ${data.of}`, 'under way');
}

const partOf = (name, selector) => document.querySelector(`[data-call="${name}"] ${selector}`);

function drawAnswer(name, text, state, took = '') {
  partOf(name, '.answer').dataset.state = state;
  partOf(name, 'output').textContent = text;
  partOf(name, '.took').textContent = took;
}

function drawCode(name) {
  const data = name === 'slow' ? "{ key: '…' }" : JSON.stringify(questions[name]());
  partOf(name, 'code').textContent = `cometd.remoteCall('${name}', ${data}, show)`;
}

// A service that says no explains it in its data; the server itself does so in an error.
function textOf(reply) {
  if (reply.successful) {
    return JSON.stringify(reply.data);
  }
  return reply.data?.message ?? reply.error ?? 'The server cannot be reached; try again in a moment.';
}

async function call(name) {
  const button = partOf(name, 'button');
  button.disabled = true;
  if (name === 'slow') {
    slowKey = crypto.getRandomValues(new Uint32Array(2)).join('-');
    byId('slow-progress').value = 0;
  }
  drawAnswer(name, '…', 'under way');
  const asked = performance.now();
  const reply = await link.call(name, questions[name](), kTimeout);
  const took = `${Math.round(performance.now() - asked)} ms`;
  if (name === 'slow') {
    slowKey = '';
  }
  drawAnswer(name, textOf(reply), reply.successful ? 'good' : 'bad', took);
  button.disabled = false;
}

for (const name of Object.keys(questions)) {
  const form = partOf(name, 'form');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    call(name);
  });
  form.addEventListener('input', () => drawCode(name));
  drawCode(name);
}
link.start();

// The panel for the curious: every Bayeux message that this page sends or gets, as it travels.

import { appendAndFollow, byId, element } from './dom.js';

const kKept = 200;

function describe(message) {
  if (message.channel === '/meta/subscribe' || message.channel === '/meta/unsubscribe') {
    return `${message.channel} ${message.subscription}`;
  }
  return message.channel ?? '(no channel)';
}

// The first line of an entry has the channel already, and ids say little at a glance.
function gist(message) {
  const { channel, id, clientId, subscription, error, ...rest } = message;
  return Object.keys(rest).length > 0 ? JSON.stringify(rest) : '';
}

function classOf(way, message) {
  const refused = message.successful === false ? ' refused' : '';
  const connect = message.channel === '/meta/connect' ? ' connect' : '';
  return way + refused + connect;
}

function entry(way, message) {
  const arrow = element('span', 'way', way === 'out' ? '→' : '←');
  arrow.setAttribute('aria-label', way === 'out' ? 'sent' : 'received');
  arrow.setAttribute('role', 'img');
  const time = element('time', '', new Date().toLocaleTimeString([], { hour12: false }));
  const summary = element('summary', '',
    element('span', 'head', arrow, element('b', '', describe(message)), time));
  if (message.error) {
    summary.append(element('span', 'error', message.error));
  }
  summary.append(element('span', 'line', gist(message)));
  return element('li', classOf(way, message),
    element('details', '', summary, element('pre', '', JSON.stringify(message, null, 2))));
}

export function createWirePanel() {
  const list = byId('wire');
  const pause = byId('wire-pause');
  let paused = false;

  byId('wire-clear').addEventListener('click', () => list.replaceChildren());
  byId('wire-connects').addEventListener('change', (event) => {
    list.classList.toggle('without-connects', !event.target.checked);
    list.scrollTop = list.scrollHeight;
  });
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
  });

  return function show(way, message) {
    if (paused) {
      return;
    }
    appendAndFollow(list, entry(way, message));
    while (list.childElementCount > kKept) {
      list.firstElementChild.remove();
    }
  };
}

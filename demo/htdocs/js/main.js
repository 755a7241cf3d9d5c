// Joins the parts of the page to its buttons and forms.

import { Chat } from './chat.js';
import { Clock } from './clock.js';
import { byId, setUpDialogs } from './dom.js';
import { cleanName, createIdentity, rename } from './identity.js';
import { keepWhenLeaving, takeKept } from './kept.js';
import { LinkPanel } from './link_panel.js';
import { setUpLogin } from './login.js';
import { createWirePanel } from './wire_panel.js';

const kept = takeKept('chat');
const identity = createIdentity(kept.key);
const panel = new LinkPanel((out) => chat.note(out ? 'The cable is out' : 'The cable is back in'));
const events = { ...panel.events, onWire: createWirePanel() };
const chat = new Chat(identity, new Clock().extension, events, kept.entries);
const openLogin = setUpLogin((member) => chat.become(member));

function setUpComposer() {
  const text = byId('text');
  byId('composer').addEventListener('submit', async (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (said === '') {
      return;
    }
    text.value = '';
    // What was refused comes back into the field, unless its writer went on meanwhile.
    if (!(await chat.say(said)) && text.value === '') {
      text.value = said;
    }
  });
}

function setUpNaming() {
  const dialog = byId('naming');
  byId('rename').addEventListener('click', () => {
    byId('naming-name').value = identity.guestName;
    dialog.showModal();
    byId('naming-name').select();
  });
  byId('naming-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = cleanName(byId('naming-name').value);
    if (name !== '') {
      rename(identity, name);
      chat.renamed();
      dialog.close();
    }
  });
}

function setUpTabs() {
  const tabs = document.querySelectorAll('.tabs button');
  for (const tab of tabs) {
    tab.addEventListener('click', () => {
      document.body.dataset.view = tab.dataset.view;
      tabs.forEach((other) => other.setAttribute('aria-pressed', String(other === tab)));
      for (const list of [byId('log'), byId('wire')]) {
        list.scrollTop = list.scrollHeight;
      }
    });
  }
}

byId('login-open').addEventListener('click', openLogin);
byId('locked-login').addEventListener('click', openLogin);
byId('locked-retry').addEventListener('click', () => chat.retry());
byId('logout').addEventListener('click', () => chat.become(null));
keepWhenLeaving('chat', () => chat.leave());
setUpDialogs();
setUpComposer();
setUpNaming();
setUpTabs();
panel.attach(chat.link);
chat.start();

// Joins the parts of the page to its buttons and forms.

import { Chat } from './chat.js';
import { byId } from './dom.js';
import { cleanName, createIdentity, rename } from './identity.js';
import { setUpLogin } from './login.js';
import { createWirePanel } from './wire_panel.js';

const identity = createIdentity();
const chat = new Chat(identity, createWirePanel());
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

for (const close of document.querySelectorAll('[data-close]')) {
  close.addEventListener('click', () => close.closest('dialog').close());
}
byId('login-open').addEventListener('click', openLogin);
byId('locked-login').addEventListener('click', openLogin);
byId('locked-retry').addEventListener('click', () => chat.retry());
byId('logout').addEventListener('click', () => chat.become(null));
addEventListener('pagehide', () => chat.leave());
setUpComposer();
setUpNaming();
setUpTabs();
chat.start();

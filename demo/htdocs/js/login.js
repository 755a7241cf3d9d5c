// Asks for a member's name and password, and finds out whether the server accepts them before
// the chat reconnects with them.

import { byId } from './dom.js';

// Tells the server that no browser should open a password window of its own on a 401.
export const kScripted = { 'X-Requested-With': 'XMLHttpRequest' };

function basic(user, password) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

async function accepted(authorization) {
  const reply = await fetch('members/whoami.json', {
    headers: { ...kScripted, Authorization: authorization },
    credentials: 'omit',
    cache: 'no-store',
  });
  if (reply.status === 401) {
    return false;
  }
  if (!reply.ok) {
    throw new Error(`the server answered ${reply.status}`);
  }
  return true;
}

function complain(text) {
  byId('login-error').textContent = text;
  byId('login-error').hidden = text === '';
}

async function submit(dialog, onMember) {
  const user = byId('login-user').value.trim();
  const authorization = basic(user, byId('login-password').value);
  byId('login-submit').disabled = true;
  try {
    if (await accepted(authorization)) {
      dialog.close();
      onMember({ user, authorization });
    } else {
      complain('The server does not know this name with this password.');
      byId('login-password').select();
    }
  } catch (error) {
    complain(`Could not log in: ${error.message}`);
  } finally {
    byId('login-submit').disabled = false;
  }
}

export function setUpLogin(onMember) {
  const dialog = byId('login');
  byId('login-form').addEventListener('submit', (event) => {
    event.preventDefault();
    complain('');
    submit(dialog, onMember);
  });
  for (const sample of dialog.querySelectorAll('[data-user]')) {
    sample.addEventListener('click', () => {
      byId('login-user').value = sample.dataset.user;
      byId('login-password').value = sample.dataset.password;
      byId('login-submit').focus();
    });
  }
  dialog.addEventListener('close', () => {
    byId('login-password').value = '';
    complain('');
  });
  return () => dialog.showModal();
}

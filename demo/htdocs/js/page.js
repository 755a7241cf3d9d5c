// What the pages about one subject have in common: the link to the server with its panel, the clock,
// the login, and what is kept for the page after a reload.

import { Clock } from './clock.js';
import { byId, drawMember, setUpDialogs } from './dom.js';
import { keepWhenLeaving, takeKept } from './kept.js';
import { Link } from './link.js';
import { LinkPanel } from './link_panel.js';
import { setUpLogin } from './login.js';

// onReady(): subscriptions are due. onMember(member): who one is has changed, null for a guest.
// keep(): what the page after a reload shall find; that of a member begins as a guest, without it.
export function createPage(name, { onReady, onMember = () => {}, onWire = () => {}, keep = () => ({}) }) {
  const kept = takeKept(name);
  const panel = new LinkPanel();
  const link = new Link(name, new Clock().extension, { ...panel.events, onReady, onWire });

  const become = async (member) => {
    drawMember(member, member?.user ?? '');
    onMember(member);
    await link.become(member);
  };
  const openLogin = setUpLogin(become);

  byId('login-open').addEventListener('click', openLogin);
  byId('logout').addEventListener('click', () => become(null));
  keepWhenLeaving(name, () => {
    link.leave();
    return link.member ? {} : keep();
  });
  setUpDialogs();
  panel.attach(link);
  drawMember(null, '');
  return { link, kept, openLogin };
}

#!/usr/bin/env node
// The demo's private messages in Chromium, as TAP. Usage: private.mjs URL
//
// Leaves private.png and private-phone.png in BAYEUX_SCREENSHOTS.

import { check, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { DemoPage, kPhone } from './demo_page.mjs';

const [url] = process.argv.slice(2);

class PrivatePage extends DemoPage {
  messages = () => this.texts('#log .message .text');
  untilMessage = (text) => this.until(async () => (await this.messages()).includes(text), `the message ${text}`);

  here = () => this.texts('#people .name');
  choose = (name) => this.page.locator('#people button', { hasText: name }).click();

  // Names, and the number beside the heading.
  async untilHere(...names) {
    const is = async () => [...await this.here(), await this.text('#people-count')];
    const should = [...names, String(names.length)].join();
    await this.until(async () => (await is()).join() === should, `here ${should}`);
  }

  async write(to, text) {
    await this.page.selectOption('#to', to);
    await this.page.fill('#text', text);
    await this.page.press('#text', 'Enter');
  }
}

const browser = await launch();
const open = (options) => PrivatePage.open(browser, `${url}private.html`, options);
const [guest, polling] = [await open(), await open({ transport: 'long-polling' })];
const alice = await open();
// Two tabs of one browser, and another browser.
const bob = await open();
const bobsTab = Object.assign(new PrivatePage(), { page: await bob.context.newPage() });
const bobsPhone = await open({ viewport: kPhone, colorScheme: 'dark' });
const bobs = [bob, bobsTab, bobsPhone];

for (const [transport, page] of [['websocket', guest], ['long-polling', polling]]) {
  await point(`guest when writing by ${transport} then the server refuses`, async () => {
    await page.untilTransport(transport);
    await page.page.click('#locked-try');
    await page.until(() => page.visible('#locked-error'), 'the answer');
    check((await page.text('#locked-error')).startsWith('403:'), await page.text('#locked-error'));
    check(!(await page.visible('#composer')), 'the form to write is hidden');
    check(!(await page.visible('#people')) && await page.visible('#people-note'), 'who is here is hidden');
  });
}

await point('members when logged in then each page says who it is', async () => {
  await bobsTab.page.goto(`${url}private.html`);
  await Promise.all(bobs.map((page) => page.untilState('connected')));
  await alice.becomeMember('alice', 'wonder');
  await alice.untilHere('alice');
  for (const page of bobs) {
    await page.becomeMember('bob', 'builder');
    check(/You are bob/.test(await page.text('#log')), 'who it is');
  }
  equal([await alice.page.inputValue('#to'), await bob.page.inputValue('#to')], ['bob', 'alice'], 'to whom');
});

await point('members when here then each is there once, with three tabs as with one', async () => {
  for (const page of [alice, ...bobs]) {
    await page.untilHere('alice', 'bob');
  }
  equal(await bob.texts('#people .mine .name'), ['bob'], 'oneself');
});

await point('member when chosen then the next message goes there', async () => {
  for (const name of ['alice', 'bob']) {
    await alice.choose(name);
    equal(await alice.page.inputValue('#to'), name, 'to whom');
    check(await alice.page.locator('#text').evaluate((node) => node === document.activeElement), 'one can write');
  }
});

await point('message to a member when sent then on all pages of both, once and in order', async () => {
  const lines = ['Bob, are you there?', '<b>Only you</b> see this', 'On all your screens'];
  for (const line of lines) {
    await alice.write('bob', line);
    await alice.untilMessage(line);
  }
  await Promise.all(bobs.map((page) => page.untilMessage(lines.at(-1))));
  for (const page of [alice, ...bobs]) {
    equal(await page.messages(), lines, 'messages');
  }
  equal(await bob.page.locator('#log .text b').count(), 0, 'elements made of it');
  await bobsPhone.write('alice', 'I am. On three of them');
  await Promise.all([alice, ...bobs].map((page) => page.untilMessage('I am. On three of them')));
  equal(await alice.texts('#log .byline b'), ['alice', 'alice', 'alice', 'bob'], 'from whom');
});

await point('message to oneself when sent then on all one’s pages, and on no other', async () => {
  await bob.write('bob', 'Remember the milk');
  await Promise.all(bobs.map((page) => page.untilMessage('Remember the milk')));
  await bob.write('alice', 'Good night');
  await alice.untilMessage('Good night');
  check(!(await alice.messages()).includes('Remember the milk'), 'alice sees it');
  await alice.page.mouse.move(0, 0);
  await alice.picture('private.png');
  await bobsPhone.picture('private-phone.png');
});

await point('message when its receiver was without cable then it comes once', async () => {
  await bob.pullCable();
  await alice.write('bob', 'While you were away');
  await bobsPhone.untilMessage('While you were away');
  await bob.plugIn();
  equal(await bob.replayed(), 1, 'replayed');
  equal((await bob.messages()).filter((text) => text === 'While you were away').length, 1, 'messages');
});

await point('member when gone from some pages then still here, when gone from all then not', async () => {
  await bob.page.click('#logout');
  await bob.until(() => bob.visible('#people-note'), 'a guest’s page');
  await bobsTab.page.goto(`${url}ticker.html`);
  await bobsPhone.write('alice', 'Here is still one');
  await alice.untilMessage('Here is still one');
  equal(await alice.here(), ['alice', 'bob'], 'here');
  await bobsPhone.page.click('#logout');
  await alice.untilHere('alice');
  equal(await bob.here(), [], 'what guests see');
  await bobsPhone.untilState('connected');
  await bobsPhone.becomeMember('bob', 'builder');
  await alice.untilHere('alice', 'bob');
  await bobsPhone.untilHere('alice', 'bob');
});

await point('message when its receiver is nowhere then said so', async () => {
  await alice.page.click('#logout');
  await alice.until(() => alice.visible('#locked'), 'the lock');
  await alice.untilState('connected');
  await bobsPhone.untilHere('bob');
  await bobsPhone.write('alice', 'Are you gone?');
  await bobsPhone.until(async () => /alice is not logged in anywhere/.test(await bobsPhone.text('#log')), 'said');
});

await point('guests when all was said then they have got nothing of it', async () => {
  for (const page of [guest, polling, alice]) {
    equal(await page.page.locator('#log .message').count(), 0, 'messages');
  }
});

await point('page when narrow then nothing is beside the screen', () => bobsPhone.untilFits());

await point('pages when all is done then no error', () =>
  [guest, polling, alice, bob, bobsPhone].forEach((page) => equal(page.faults, [], 'faults')));

await browser.close();
done();

#!/usr/bin/env node
// The demo's chat in Chromium, as TAP. Usage: chat.mjs URL HTTPD_PID
//
// Leaves chat.png, phone.png and locked.png in BAYEUX_SCREENSHOTS.
// To renew those of the documentation: BAYEUX_SCREENSHOTS=docs/images t/httpd/72-browser.t

import { join } from 'node:path';
import { check, diag, done, equal, point, until } from '../clients/tap.mjs';
import { ChatPage } from './chat_page.mjs';
import { launch } from './chromium.mjs';
import { kPhone } from './demo_page.mjs';

const [url, httpd] = process.argv.slice(2);
const pictures = process.env.BAYEUX_SCREENSHOTS;
const kMarkup = `<img src="x" onerror="window.hacked = 1"><script>window.hacked = 2</script>&amp;`;

const browser = await launch();
const open = (options) => ChatPage.open(browser, url, options);
let marta;
let jonas;
let alice;

// Marta has the best transport that there is, Jonas the one that always works.
await point('page when opened then connected as a guest', async () => {
  marta = await open({ name: 'Marta' });
  await marta.untilTransport('websocket');
  equal([await marta.text('#me-kind'), await marta.text('#me-name')], ['guest', 'Marta'], 'who it is');
});

await point('presence when a second browser comes then both show both', async () => {
  await marta.untilPeople('Marta');
  jonas = await open({ name: 'Jonas', viewport: kPhone, colorScheme: 'dark', transport: 'long-polling' });
  await jonas.page.click('.tabs [data-view="people"]');
  await Promise.all([marta, jonas].map((page) => page.untilPeople('Jonas', 'Marta')));
  await jonas.page.click('.tabs [data-view="chat"]');
});

await point('chat when both write then both show all of it in the same order', async () => {
  await marta.say('Which server is behind this page?');
  await jonas.untilMessage('Which server is behind this page?');
  await jonas.say('Apache httpd, and nothing else');
  await marta.untilMessage('Apache httpd, and nothing else');
  await marta.say('Even for the messages that come by themselves?');
  await jonas.untilMessage('Even for the messages that come by themselves?');
  await jonas.say('Yes. The panel on the right has each of them');
  await marta.untilMessage('Yes. The panel on the right has each of them');
  equal(await marta.messages(), await jonas.messages(), 'what they see');
  equal((await marta.messages()).length, 4, 'messages');
});

await point('chat when each writes many then none is lost or doubled', async () => {
  const priya = await open({ name: 'Priya' });
  const omar = await open({ name: 'Omar' });
  const lines = (name) => Array.from({ length: 10 }, (_, i) => `${name} ${i}`);
  await Promise.all([priya, omar].map((page) => page.untilState('connected')));
  await Promise.all([priya, omar].map((page) => page.enter('news')));
  await Promise.all([priya, omar].map((page) => page.untilPeople('Omar', 'Priya')));
  await Promise.all([priya, omar].map((page) => page.enter('lobby')));
  await priya.untilPeople('Jonas', 'Marta', 'Omar', 'Priya');
  await Promise.all([[priya, 'p'], [omar, 'o']].map(async ([page, name]) => {
    for (const line of lines(name)) {
      await page.say(line);
    }
  }));
  const wanted = [...lines('p'), ...lines('o')].sort();
  const seen = async (page) => (await page.messages()).filter((text) => /^[po] \d$/.test(text)).sort();
  for (const page of [marta, jonas, priya, omar]) {
    await page.until(async () => (await seen(page)).length >= wanted.length, 'all lines');
    equal(await seen(page), wanted, 'lines');
  }
  await priya.context.close();
  await omar.page.close({ runBeforeUnload: true });
  await marta.untilPeople('Jonas', 'Marta');
  await omar.context.close();
});

await point('markup in a message or a name when shown then it stays text', async () => {
  const mallory = await open({ name: '<b>Mallory</b>' });
  await mallory.untilState('connected');
  await mallory.say(kMarkup);
  await marta.untilMessage(kMarkup);
  await marta.untilPeople('<b>Mallory</b>', 'Jonas', 'Marta');
  equal(await marta.page.locator('#log img, #log script, #log b b, #people b, #wire img').count(), 0, 'elements made of it');
  equal(await marta.page.evaluate(() => window.hacked), undefined, 'what its script did');
  equal(marta.dialogs, 0, 'dialogs');
  await mallory.context.close();
});

await point('script in the page when not from a file of ours then the policy stops it', async () => {
  const ran = await jonas.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.inline = true';
    document.body.append(script);
    return window.inline === true;
  });
  check(!ran, 'an inline script ran');
  await until(() => jonas.faults.some((fault) => /Content Security Policy/.test(fault)), 'a complaint about the policy');
});

await point('guest when in the members room then refused, in plain words and on the wire', async () => {
  await marta.enter('members');
  await marta.until(() => marta.visible('#locked'), 'the lock');
  check((await marta.text('#locked-error')).startsWith('403:'), await marta.text('#locked-error'));
  check(!(await marta.visible('#composer')), 'the form to write is hidden');
  const replies = await marta.receivedOn('/meta/subscribe /chat/members/talk');
  check(replies.length > 0 && replies.every((reply) => reply.successful === false), JSON.stringify(replies));
  equal(replies[0].error, await marta.text('#locked-error'), 'the error shown');
  await marta.page.screenshot({ path: join(pictures, 'locked.png') });
});

await point('guest when writing news then refused and the text is kept', async () => {
  await marta.enter('news');
  await marta.attempt('Fake news');
  await marta.until(() => marta.visible('#refusal'), 'the refusal');
  check(/may not write.*403:/.test(await marta.text('#refusal')), await marta.text('#refusal'));
  equal(await marta.page.inputValue('#text'), 'Fake news', 'text kept');
  equal(await marta.messages(), [], 'news');
});

await point('login when the password is wrong then said in the page', async () => {
  alice = await open({ name: 'Alice Guest' });
  await alice.untilState('connected');
  await alice.logIn('alice', 'builder');
  await alice.until(() => alice.visible('#login-error'), 'the complaint');
  equal(await alice.text('#me-kind'), 'guest', 'who she is');
  await alice.page.click('#login [data-close]');
});

await point('login when the password is right then a member', async () => {
  await alice.becomeMember('alice', 'wonder');
  equal(await alice.text('#me-name'), 'alice', 'her name');
  await marta.enter('lobby');
  await marta.untilPeople('alice', 'Jonas', 'Marta');
});

await point('member when writing news then everybody reads them', async () => {
  await alice.enter('news');
  await alice.say('mod_bayeux is out');
  await marta.enter('news');
  await marta.untilMessage('mod_bayeux is out');
  equal(await marta.messages(), ['mod_bayeux is out'], 'news, without the refused one');
});

await point('members when they talk among themselves then guests hear nothing', async () => {
  const bob = await open({ name: 'Bob Guest' });
  await bob.untilState('connected');
  await bob.becomeMember('bob', 'builder');
  await Promise.all([alice, bob].map((page) => page.enter('members')));
  await Promise.all([alice, bob].map((page) => page.untilPeople('alice', 'bob')));
  await alice.say('Only us here');
  await bob.untilMessage('Only us here');
  await bob.say('And the password file');
  await alice.untilMessage('And the password file');
  // What would have gone to the guest came before this.
  await alice.enter('lobby');
  await alice.say('Hello guests');
  await marta.enter('lobby');
  await marta.untilMessage('Hello guests');
  const heard = await marta.receivedOn('/chat/members/talk');
  equal(heard.filter(({ data }) => data !== undefined), [], 'events of the members room at a guest');
  await bob.page.click('#logout');
  await bob.until(async () => (await bob.text('#me-kind')) === 'guest', 'a guest again');
  await bob.until(() => bob.visible('#locked'), 'the lock');
  await bob.context.close();
});

await point('page when reloaded then the same name is back and the chat goes on', async () => {
  const before = await marta.messages();
  await marta.page.reload();
  await marta.untilState('connected');
  await marta.untilPeople('alice', 'Jonas', 'Marta');
  equal(await marta.messages(), before, 'what was said before');
  await marta.say('Back again');
  await jonas.untilMessage('Back again');
  await jonas.say('We noticed');
  await marta.untilMessage('We noticed');
});

async function generation() {
  const status = await (await fetch(`${url}server-status?auto`)).text();
  return Number(/^ParentServerMPMGeneration: (\d+)$/m.exec(status)[1]);
}

await point('server when restarted gracefully while they chat then all sessions stay', async () => {
  const sessions = async () => (await marta.receivedOn('/meta/handshake')).length;
  const [before, sessionsBefore] = [await generation(), await sessions()];
  const heard = (await marta.messages()).length;
  process.kill(Number(httpd), 'SIGUSR1');
  for (let i = 0; i < 5 || (await generation()) === before; i += 1) {
    await jonas.say(`restart ${i}`);
  }
  await jonas.say('restarted');
  await marta.untilMessage('restarted');
  const told = (await jonas.messages()).filter((text) => text.startsWith('restart'));
  equal((await marta.messages()).slice(heard), told, 'messages during the restart');
  equal(await sessions(), sessionsBefore, 'handshakes');
  equal(await marta.page.getAttribute('#status', 'data-state'), 'connected', 'state');
});

await point('network when broken then said so, and mended by itself', async () => {
  await jonas.page.route('**/bayeux/**', (route) => route.abort());
  await marta.say('Jonas, are you there?');
  await jonas.untilState('broken');
  await jonas.page.unroute('**/bayeux/**');
  await jonas.untilState('connected');
  await marta.say('Jonas?');
  await jonas.untilMessage('Jonas?');
});

await point('pages when all is done then no error but those provoked', async () => {
  equal(marta.faults, [], 'of the first page');
  equal(jonas.unexpectedFaults(/Content Security Policy/, /ERR_FAILED/), [], 'of the second page');
  equal(alice.unexpectedFaults(/401 \(Unauthorized\)/), [], "of the member's page");
});

await point('pictures of a conversation', async () => {
  const [left, right, third] = [await open({ name: 'Marta' }), jonas, await open({ name: 'Omar', viewport: kPhone })];
  await right.page.reload();
  await alice.enter('news');
  await marta.context.close();
  await Promise.all([left, right, third].map((page) => page.untilState('connected')));
  await left.untilPeople('Jonas', 'Marta', 'Omar');
  const converse = async (listeners, lines) => {
    for (const [page, line] of lines) {
      await page.say(line);
      await Promise.all(listeners.map((listener) => listener.untilMessage(line)));
    }
  };
  await converse([left, right, third], [
    [left, 'Which server is behind this page?'],
    [right, 'Apache httpd, and nothing else.'],
    [third, 'Even for messages that come by themselves?'],
    [right, 'Yes. A connection that waits costs it no thread.'],
    [left, 'And when the network fails?'],
  ]);
  await left.pullCable();
  await converse([right, third], [
    [right, 'Then the server keeps what you miss'],
    [third, 'and says it again when you are back.'],
  ]);
  await left.plugIn();
  equal(await left.replayed(), 2, 'replayed');
  await alice.say('Version 1 is out');
  await left.until(() => left.visible('#rooms [data-room="news"] .unread'), 'unread news');
  await left.page.mouse.move(0, 0);
  await left.page.screenshot({ path: join(pictures, 'chat.png') });
  await third.page.screenshot({ path: join(pictures, 'phone.png') });
  diag(`pictures in ${pictures}`);
});

await browser.close();
done();

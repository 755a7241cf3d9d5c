#!/usr/bin/env node
// What the demo's panel of the connection does, in Chromium, as TAP. Usage: link.mjs URL

import { check, done, equal, point } from '../clients/tap.mjs';
import { ChatPage } from './chat_page.mjs';
import { launch } from './chromium.mjs';

const [url] = process.argv.slice(2);
const kHour = 3600000;

const browser = await launch();
const open = (options) => ChatPage.open(browser, url, options);
const [nora, ivan] = [await open({ name: 'Nora' }), await open({ name: 'Ivan', transport: 'long-polling' })];

const sessionOf = async (page) => (await page.sentOn('/meta/connect')).at(-1).clientId;
const numbered = (prefix, count = 8) => Array.from({ length: count }, (_, i) => `${prefix}: ${i}`);
// Those of these lines that the page shows, as often as it shows them.
const heardOf = async (page, lines) => (await page.messages()).filter((text) => lines.includes(text));

async function sayAll(page, lines) {
  for (const line of lines) {
    await page.say(line);
  }
}

await point('page when opened then it takes the best transport that it may', async () => {
  await nora.untilTransport('websocket');
  await ivan.untilTransport('long-polling');
  equal([await nora.pressed(), await ivan.pressed()], ['websocket', 'long-polling'], 'what the switches say');
  await Promise.all([nora, ivan].map((page) => page.untilPeople('Ivan', 'Nora')));
});

await point('transport when switched then the session goes on, nothing is lost or doubled', async () => {
  const session = await sessionOf(nora);
  for (const transport of ['long-polling', 'websocket', 'long-polling', 'websocket']) {
    const lines = numbered(`to ${transport} ${Math.random()}`);
    const saying = sayAll(ivan, lines);
    await nora.useTransport(transport);
    await nora.untilTransport(transport);
    await saying;
    await nora.untilMessage(lines.at(-1));
    equal(await heardOf(nora, lines), lines, `heard on the way to ${transport}`);
    equal(await nora.pressed(), transport, 'what the switch says');
  }
  equal(await sessionOf(nora), session, 'session');
});

for (const transport of ['websocket', 'long-polling']) {
  await point(`cable when pulled on ${transport} then what others said comes once, in order`, async () => {
    const lines = numbered(`${transport} ${Math.random()}`);
    await nora.useTransport(transport);
    await nora.untilTransport(transport);
    const session = await sessionOf(nora);
    await nora.pullCable();
    check((await nora.text('#status-transport')).includes('the cable is out'), 'said in the status');
    await sayAll(ivan, lines);
    equal(await heardOf(nora, lines), [], 'heard without a cable');
    await nora.plugIn();
    await nora.untilMessage(lines.at(-1));
    equal(await nora.replayed(), lines.length, 'replayed');
    equal(await heardOf(nora, lines), lines, 'heard');
    equal(await sessionOf(nora), session, 'session');
    await ivan.say(`${transport} goes on`);
    await nora.untilMessage(`${transport} goes on`);
    equal(await heardOf(nora, lines), lines, 'heard, later');
  });
}

await point('WebSocket when none gets through then long-polling, in the same session', async () => {
  const behind = await open({ name: 'Behind', webSockets: false });
  await behind.untilTransport('long-polling');
  equal(await behind.pressed(), 'long-polling', 'what the switch says');
  equal((await behind.sentOn('/meta/handshake')).length, 1, 'handshakes');
  await ivan.say('Welcome');
  await behind.untilMessage('Welcome');
  await behind.context.close();
});

await point('cable when out then nothing can be said, and the text is kept', async () => {
  await nora.pullCable();
  await nora.attempt('Hello?');
  await nora.until(() => nora.visible('#refusal'), 'the refusal');
  equal(await nora.page.inputValue('#text'), 'Hello?', 'text kept');
  await nora.plugIn();
  await nora.say('Hello!');
  await ivan.untilMessage('Hello!');
});

await point('page when reloaded then the session, the name and what was said are still there', async () => {
  const [session, before] = [await sessionOf(nora), await nora.messages()];
  const lines = numbered('while reloading');
  const saying = sayAll(ivan, lines);
  await nora.page.reload();
  await nora.untilState('connected');
  await saying;
  await nora.untilMessage(lines.at(-1));
  equal(await nora.messages(), [...before, ...lines], 'messages');
  equal(await sessionOf(nora), session, 'session');
  equal(await nora.sentOn('/meta/handshake'), [], 'handshakes of the new page');
  await nora.untilPeople('Ivan', 'Nora');
});

await point("clock when the browsers' clocks differ then both show the server's time", async () => {
  const early = await open({ name: 'Early', skew: -kHour });
  for (const page of [nora, ivan, early]) {
    let late;
    await page.until(async () => {
      late = Date.now() - Date.parse(await page.page.getAttribute('#clock', 'datetime'));
      return late > -500 && late < 1500;
    }, () => `the server's time, not ${late} ms behind it`);
  }
  const offset = Number((await early.text('#clock-offset')).replace(/[+ ms]/g, ''));
  check(Math.abs(offset - kHour) < 2000, `offset ${offset}`);
  check(/^\d+ ms$/.test(await early.text('#clock-lag')), await early.text('#clock-lag'));
  await early.context.close();
});

await point('member when logged in then the switch offers what can carry a password', async () => {
  await ivan.becomeMember('bob', 'builder');
  check(await ivan.page.isDisabled('.switch [data-transport="websocket"]'), 'websocket is offered');
  check(await ivan.visible('#transport-note'), 'no word on why');
  await ivan.page.click('#logout');
  await ivan.until(async () => (await ivan.text('#me-kind')) === 'guest', 'a guest again');
  await ivan.untilState('connected');
  check(!(await ivan.page.isDisabled('.switch [data-transport="websocket"]')), 'websocket is not offered');
});

await point('pages when all is done then no error', () => {
  equal(nora.faults, [], 'of the first page');
  equal(ivan.faults, [], 'of the second page');
});

await browser.close();
done();

#!/usr/bin/env node
// The demo's page of calls in Chromium, as TAP. Usage: calls.mjs URL
//
// Leaves calls.png and calls-phone.png in BAYEUX_SCREENSHOTS.

import { check, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { DemoPage, kPhone } from './demo_page.mjs';

const [url] = process.argv.slice(2);

class CallsPage extends DemoPage {
  answer = (name) => this.text(`[data-call="${name}"] output`);
  call = (name) => this.page.click(`[data-call="${name}"] button`);

  untilAnswer = (name, text, state = 'good') => this.until(async () =>
    (await this.page.getAttribute(`[data-call="${name}"] .answer`, 'data-state')) === state &&
    (await this.answer(name)) === text, `the answer ${text} of ${name}`);

  // What its progress has been, from now on, each value once.
  watchProgress = () => this.page.evaluate(() => {
    const bar = document.getElementById('slow-progress');
    window.progress = [];
    new MutationObserver(() => window.progress.at(-1) !== bar.value && window.progress.push(bar.value))
      .observe(bar, { attributes: true });
  });

  progress = () => this.page.evaluate(() => window.progress);
}

const browser = await launch();
const open = (options) => CallsPage.open(browser, `${url}calls.html`, options);
const pages = {
  websocket: await open(),
  'long-polling': await open({ viewport: kPhone, colorScheme: 'dark', transport: 'long-polling' }),
};

for (const [transport, page] of Object.entries(pages)) {
  await point(`echo when called by ${transport} then it says what it was told`, async () => {
    await page.untilTransport(transport);
    await page.page.fill('#echo-text', 'Grüße <b>& "more"</b>');
    await page.call('echo');
    await page.untilAnswer('echo', '"Grüße <b>& \\"more\\"</b>"');
    check(/^\d+ ms$/.test(await page.text('[data-call="echo"] .took')), 'how long it took');
    equal(await page.page.locator('.view output b').count(), 0, 'elements made of it');
  });

  await point(`add when called by ${transport} then the sum, or why there is none`, async () => {
    await page.page.fill('#add-first', '20.5');
    await page.page.fill('#add-second', '-3');
    equal(await page.text('[data-call="add"] code'), "cometd.remoteCall('add', [20.5,-3], show)", 'the code');
    await page.call('add');
    await page.untilAnswer('add', '17.5');
    await page.page.fill('#add-second', 'seven');
    await page.call('add');
    await page.untilAnswer('add', 'one of these is no number, or too large', 'bad');
  });

  await point(`slow when called by ${transport} then its progress comes while it runs, and holds up nothing`, async () => {
    await page.watchProgress();
    await page.call('slow');
    await page.until(async () => (await page.progress()).includes(1), 'the first step');
    await page.page.fill('#add-second', '7');
    await page.call('add');
    await page.untilAnswer('add', '27.5');
    check((await page.progress()).at(-1) < 6, 'add waited for slow');
    await page.until(async () => /"seconds":/.test(await page.answer('slow')), 'the answer');
    equal((await page.progress()).filter((done) => done > 0), [1, 2, 3, 4, 5, 6], 'progress');
  });
}

await point('progress when another page asked then it shows nothing of it', async () => {
  const [asking, other] = [pages.websocket, pages['long-polling']];
  await other.watchProgress();
  const heard = (await other.receivedOn('/service/slow')).length;
  await asking.call('slow');
  await asking.until(async () => (await asking.answer('slow')) === '3 of 6', 'half of it');
  await asking.page.mouse.move(0, 0);
  await asking.picture('calls.png');
  await asking.until(async () => /"seconds":/.test(await asking.answer('slow')), 'the answer');
  equal(await other.progress(), [], 'progress');
  equal((await other.receivedOn('/service/slow')).length, heard, 'messages');
  await other.picture('calls-phone.png');
});

await point('call when the transport is changed then lost, said at once, and the next one is answered', async () => {
  const page = pages.websocket;
  await page.call('slow');
  await page.until(async () => (await page.answer('slow')) === '1 of 6', 'the first step');
  await page.useTransport('long-polling');
  await page.untilAnswer('slow', 'The answer is lost: this page has another connection now.', 'bad');
  await page.untilTransport('long-polling');
  await page.call('add');
  await page.untilAnswer('add', '27.5');
  await page.call('slow');
  await page.untilAnswer('slow', '{"seconds":3}');
});

await point('page when narrow then nothing is beside the screen', () =>
  pages['long-polling'].untilFits());

await point('pages when all is done then no error', () =>
  Object.values(pages).forEach((page) => equal(page.faults, [], 'faults')));

await browser.close();
done();

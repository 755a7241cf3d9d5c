#!/usr/bin/env node
// The demo's page of calls in Chromium, as TAP. Usage: calls.mjs URL
//
// Leaves calls.png and calls-phone.png in BAYEUX_SCREENSHOTS.

import { check, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { DemoPage, kPhone } from './demo_page.mjs';

const [url] = process.argv.slice(2);
const kSlowAnswer = '{"seconds":3}';
const kLost = 'The answer is lost: this page has another connection now.';

class CallsPage extends DemoPage {
  answer = (name) => this.text(`[data-call="${name}"] output`);
  call = (name) => this.page.click(`[data-call="${name}"] button`);

  untilAnswer = (name, text, state = 'good') => this.until(async () =>
    (await this.page.getAttribute(`[data-call="${name}"] .answer`, 'data-state')) === state &&
    (await this.answer(name)) === text, `the answer ${text} of ${name}`);

  // From now on, what answers of its calls have been, as "add 17.5". Each, even if two came at once.
  watchAnswers = () => this.page.evaluate(() => {
    window.answers = [];
    const note = (records) => records.forEach(({ target, addedNodes: [text] }) =>
      text && window.answers.push(`${target.closest('[data-call]').dataset.call} ${text.data}`));
    const observer = new MutationObserver(note);
    document.querySelectorAll('[data-call] output').forEach((node) => observer.observe(node, { childList: true }));
  });

  answers = (pattern) =>
    this.page.evaluate(() => window.answers).then((all) => all.filter((answer) => pattern.test(answer)));

  // Without a moment between the two.
  callTogether = (...names) => this.page.evaluate((all) =>
    all.forEach((name) => document.querySelector(`[data-call="${name}"] button`).click()), names);
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
    await page.page.fill('#add-second', '7');
    await page.watchAnswers();
    await page.callTogether('slow', 'add');
    await page.untilAnswer('slow', kSlowAnswer);
    equal(await page.answers(/^slow \d/), [1, 2, 3, 4, 5, 6].map((step) => `slow ${step} of 6`), 'progress');
    equal(await page.page.locator('#slow-progress').evaluate((bar) => [bar.value, bar.max]), [6, 6], 'the bar');
    const all = await page.answers(/./);
    check(all.indexOf('add 27.5') < all.indexOf(`slow ${kSlowAnswer}`), `add waited for slow: ${all}`);
  });
}

await point('progress when another page asked then it shows nothing of it', async () => {
  const [asking, other] = [pages.websocket, pages['long-polling']];
  await other.watchAnswers();
  const heard = (await other.receivedOn('/service/slow')).length;
  await asking.call('slow');
  await asking.until(async () => /^[3-6] of 6$/.test(await asking.answer('slow')), 'half of it');
  await asking.page.mouse.move(0, 0);
  await asking.picture('calls.png');
  await asking.untilAnswer('slow', kSlowAnswer);
  equal(await other.answers(/./), [], 'answers');
  equal((await other.receivedOn('/service/slow')).length, heard, 'messages');
  await other.picture('calls-phone.png');
});

await point('call when the transport is changed then lost, said at once, and the next one is answered', async () => {
  const page = pages.websocket;
  const lastSteps = async () =>
    (await page.receivedOn('/service/slow')).filter(({ data }) => data?.done === 6).length;
  const before = await lastSteps();
  await page.call('slow');
  await page.until(async () => /^\d of 6$/.test(await page.answer('slow')), 'a step');
  await page.useTransport('long-polling');
  await page.untilAnswer('slow', kLost, 'bad');
  await page.untilTransport('long-polling');
  await page.call('add');
  await page.untilAnswer('add', '27.5');
  // The service goes on, and speaks of it to the session.
  await page.until(async () => (await lastSteps()) > before, 'the last step of the lost call');
  equal(await page.answer('slow'), kLost, 'the answer');
  await page.call('slow');
  await page.untilAnswer('slow', kSlowAnswer);
});

await point('page when narrow then nothing is beside the screen', () =>
  pages['long-polling'].untilFits());

await point('pages when all is done then no error', () =>
  Object.values(pages).forEach((page) => equal(page.faults, [], 'faults')));

await browser.close();
done();

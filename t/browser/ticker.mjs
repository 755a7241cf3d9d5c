#!/usr/bin/env node
// The demo's ticker in Chromium, as TAP. Usage: ticker.mjs URL
//
// Leaves ticker.png in BAYEUX_SCREENSHOTS.

import { join } from 'node:path';
import { check, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { DemoPage, kPhone } from './demo_page.mjs';

const [url] = process.argv.slice(2);
const kSymbols = 6;

class TickerPage extends DemoPage {
  count = async () => Number(await this.text('#count'));
  prices = () => this.texts('#quotes .price');
  faultless = async () => [await this.text('#missed'), await this.text('#repeated')];

  async untilMore(more = 1) {
    const wanted = (await this.count()) + more;
    await this.until(async () => (await this.count()) >= wanted, `${wanted} ticks`);
  }
}

const browser = await launch();
const open = (options) => TickerPage.open(browser, `${url}ticker.html`, options);
const [studio, screen, phone] =
  [await open(), await open(), await open({ viewport: kPhone, transport: 'long-polling' })];
const watchers = [screen, phone];

await point('ticker when nobody publishes then quiet', async () => {
  await Promise.all([studio, ...watchers].map((page) => page.untilState('connected')));
  check(await screen.visible('#quiet'), 'a word on the silence');
  check(!(await screen.visible('#board')), 'an empty board');
});

await point('guest when about to publish then asked to log in', async () => {
  await screen.page.click('#publish');
  await screen.until(() => screen.visible('#login'), 'the form');
  await screen.page.click('#login [data-close]');
});

await point('member when publishing then everybody sees the same prices', async () => {
  await studio.becomeMember('alice', 'wonder');
  await studio.page.click('#publish');
  await Promise.all(watchers.map((page) => page.untilMore(3)));
  await screen.untilTransport('websocket');
  await phone.untilTransport('long-polling');
  equal((await screen.prices()).length, kSymbols, 'prices');
  equal(await screen.text('#source'), 'alice', 'the publisher');
  check(await screen.page.isDisabled('#publish'), 'a second publisher');
  await screen.until(async () => {
    const [a, b] = await Promise.all(watchers.map((page) => page.prices()));
    return JSON.stringify(a) === JSON.stringify(b);
  }, 'the same prices on both screens');
});

await point('watchers when their cables were out then they have seen each tick once', async () => {
  await Promise.all(watchers.map((page) => page.pullCable()));
  await studio.untilMore(4);
  await Promise.all(watchers.map((page) => page.plugIn()));
  for (const page of watchers) {
    check((await page.replayed()) >= 4, 'replayed');
    await page.untilMore();
    equal(await page.faultless(), ['0', '0'], 'missed and repeated');
    check((await page.page.locator('#quotes tr:first-child .replayed').count()) >= 4, 'marks of what was replayed');
  }
  await screen.page.mouse.move(0, 0);
  await screen.page.screenshot({ path: join(process.env.BAYEUX_SCREENSHOTS, 'ticker.png') });
});

await point('watcher when reloaded then it has missed nothing', async () => {
  const before = await screen.count();
  await screen.page.reload();
  await screen.until(async () => (await screen.count()) > before, 'more ticks than before');
  equal(await screen.faultless(), ['0', '0'], 'missed and repeated');
});

await point('publisher when it stops then another may', async () => {
  await studio.page.click('#publish');
  await screen.until(async () => !(await screen.page.isDisabled('#publish')), 'the button');
  await screen.becomeMember('bob', 'builder');
  await screen.page.click('#publish');
  await phone.until(async () => (await phone.text('#source')) === 'bob', 'ticks from bob');
  equal(await phone.faultless(), ['0', '0'], 'missed and repeated');
});

await point('pages when all is done then no error', () =>
  [studio, ...watchers].forEach((page) => equal(page.faults, [], 'faults')));

await browser.close();
done();

#!/usr/bin/env node
// The status page in Chromium, as TAP. Usage: status.mjs URL
//
// Leaves status.png, status-dark.png and status-phone.png in BAYEUX_SCREENSHOTS.

import { join } from 'node:path';
import { check, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';

const [url] = process.argv.slice(2);
const kWide = { width: 1280, height: 900 };
const kPhone = { width: 390, height: 844 };
const kCards = ['Sessions', 'Published a second', 'Delivered a second', 'Messages waiting', 'Transports', 'Times', 'In all',
  'Refusals and failures', 'Shared memory', 'Children', 'Most subscribers', 'Most messages',
  'Slowest consumers'];

const browser = await launch();
const complaints = [];

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

const [wide, dark, phone] = await Promise.all([
  open({ viewport: kWide }),
  open({ viewport: kWide, colorScheme: 'dark' }),
  open({ viewport: kPhone, colorScheme: 'light' }),
]);
const plain = await open({ viewport: kWide, javaScriptEnabled: false });

const titles = (page) => page.$$eval('h2', (all) => all.map((one) => one.firstChild.textContent.trim()));
const published = (page) => page.$eval('main', (main) => [...main.querySelectorAll('tr')]
  .find((row) => row.cells[0].textContent === 'messages published').cells[1].textContent);
const until = (page, what, ...more) => page.waitForFunction(what, ...more, { timeout: 20000 });

await point('page when opened then all cards are there, with and without JavaScript', async () => {
  for (const page of [wide, dark, phone, plain]) {
    equal(await titles(page), kCards, 'cards');
    equal(await page.$$eval('svg.plot', (all) => all.length), 4, 'plots');
  }
});

await point('page when looked at then it renews itself and stays the same page', async () => {
  await wide.evaluate(() => { document.querySelector('main').dataset.same = 'yes'; });
  const before = await published(wide);
  await until(wide, (seen) => [...document.querySelectorAll('tr')]
    .find((row) => row.cells[0].textContent === 'messages published').cells[1].textContent !== seen, before);
  equal(await wide.$eval('#state', (state) => state.innerText.trim()), 'live', 'state');
  await until(wide, () => document.querySelectorAll('path.curve').length === 4);
});

await point('page without JavaScript then the browser is told to come again', async () => {
  const [refresh] = await plain.$$eval('meta[http-equiv="refresh"]', (all) => all.map((meta) => meta.content));
  equal(refresh, '5', 'seconds');
});

await point('channel of a hostile name then it is text', async () => {
  const names = await wide.$$eval('td.name', (all) => all.map((cell) => cell.textContent));
  check(names.some((name) => name.startsWith('/~(x)!$@')), `not there: ${names}`);
});

await point('page at any width then nothing is to be scrolled sideways', async () => {
  for (const page of [wide, dark, phone]) {
    for (const width of [page.viewportSize().width, 700]) {
      await page.setViewportSize({ width, height: 900 });
      const [shown, needed] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
      check(needed <= shown, `${needed} of ${shown} pixels`);
    }
  }
  await Promise.all([wide, dark].map((page) => page.setViewportSize(kWide)));
  await phone.setViewportSize(kPhone);
});

await point('page in dark colours then it is dark', async () => {
  const light = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g)
    .reduce((sum, part) => sum + Number(part), 0));
  check(await light(wide) > 600 && await light(dark) < 150, 'the colours are the same');
  for (const [name, page] of [['status', wide], ['status-dark', dark], ['status-phone', phone]]) {
    await page.screenshot({ path: join(process.env.BAYEUX_SCREENSHOTS, `${name}.png`), fullPage: true });
  }
});

await point('server when it does not answer then the page says so, and goes on when it does', async () => {
  await wide.route('**/*', (route) => route.abort());
  await until(wide, () => document.querySelector('#state').dataset.state === 'broken');
  equal(complaints.filter((text) => !/ERR_FAILED/.test(text)), [], 'complaints');
  await wide.unroute('**/*');
  await until(wide, () => document.querySelector('#state').dataset.state === 'live');
});

await browser.close();
done();

#!/usr/bin/env node
// The demo's page of messages from a shell in Chromium, as TAP. Usage: shell.mjs URL BUILDDIR
//
// Runs the commands that the page shows. Leaves shell.png and shell-phone.png in BAYEUX_SCREENSHOTS.

import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { check, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { DemoPage, kPhone } from './demo_page.mjs';

const [url, build] = process.argv.slice(2);
const [kPublish, kStream, kCurl, kSubscribe] = [0, 1, 2, 3];

class ShellPage extends DemoPage {
  arrived = () => this.texts('#arrived code');

  untilArrived = (...texts) => this.until(async () =>
    texts.every(((seen) => (text) => seen.includes(text))(await this.arrived())), `${texts.join(' and ')}`);

  // As it is shown, but with the programs of this build.
  async command(index) {
    const text = (await this.texts('#commands code'))[index];
    return text.replaceAll('build/bayeux', `${build}/bayeux`);
  }
}

const sh = (command) => promisify(execFile)('sh', ['-c', command], { timeout: 20000 });

const browser = await launch();
const open = (options) => ShellPage.open(browser, `${url}shell.html`, options);
const [wide, phone] = [await open(), await open({ viewport: kPhone, colorScheme: 'dark', transport: 'long-polling' })];
const pages = [wide, phone];

await point('page when opened then it waits', async () => {
  await wide.untilTransport('websocket');
  await phone.untilTransport('long-polling');
  check(await wide.visible('#waiting'), 'a word on the silence');
});

await point('bayeux publish when run as shown then it is on every screen', async () => {
  await sh(await wide.command(kPublish));
  await Promise.all(pages.map((page) => page.untilArrived('"Hello from a shell"')));
  check(!(await wide.visible('#waiting')), 'the word is still there');
});

await point('curl when run as shown then it is on every screen, and says how many', async () => {
  const { stdout } = await sh(await wide.command(kCurl));
  equal(JSON.parse(stdout), { sessions: 2 }, 'reached');
  await Promise.all(pages.map((page) => page.untilArrived('{"load":0.7}')));
});

await point('a loop when run as shown then each line comes by itself', async () => {
  const loop = spawn('sh', ['-c', await wide.command(kStream)], { stdio: 'ignore', detached: true });
  try {
    for (const page of pages) {
      await page.until(async () => (await page.arrived()).filter((text) => /^{"time":/.test(text)).length >= 2, 'lines');
    }
  } finally {
    process.kill(-loop.pid);
  }
});

await point('bayeux subscribe when run as shown then it prints what the page sends', async () => {
  const subscriber = spawn('sh', ['-c', `exec ${await wide.command(kSubscribe)}`], { stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  subscriber.stdout.on('data', (data) => (printed += data));
  try {
    for (let i = 0; !printed.includes('from a page'); i += 1) {
      await wide.page.fill('#text', `from a page ${i}`);
      await wide.page.press('#text', 'Enter');
      await wide.untilArrived(`{"text":"from a page ${i}"}`);
      check(i < 200, 'nothing printed');
    }
  } finally {
    subscriber.kill();
  }
  const lines = printed.trim().split('\n').map((line) => JSON.parse(line));
  const said = lines.find((line) => line.data?.text);
  equal([said.channel, /^from a page/.test(said.data.text)], ['/shell/screen', true], 'the line');
});

await point('command when copied then the button says so', async () => {
  await wide.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await wide.page.click('#commands li:first-child button');
  await wide.until(async () => (await wide.text('#commands li:first-child button')) === 'Copied', 'said');
  equal(await wide.page.evaluate(() => navigator.clipboard.readText()),
    (await wide.texts('#commands code'))[kPublish], 'the clipboard');
  await wide.until(async () => (await wide.text('#commands li:first-child button')) === 'Copy', 'the button again');
});

await point('page when its cable was out then what was published comes once', async () => {
  for (const page of pages) {
    await page.pullCable();
    const before = (await page.arrived()).length;
    await sh((await page.command(kPublish)).replace('Hello from a shell', 'while the cable was out'));
    equal((await page.arrived()).length, before, 'arrived without a cable');
    await page.plugIn();
    equal(await page.replayed(), 1, 'replayed');
    equal((await page.arrived()).slice(before), ['"while the cable was out"'], 'arrived');
  }
});

await point('page when reloaded then what arrived is still there', async () => {
  const before = await wide.arrived();
  await wide.page.reload();
  await wide.untilTransport('websocket');
  equal(await wide.arrived(), before, 'what arrived');
  await wide.page.mouse.move(0, 0);
  await wide.picture('shell.png');
  await phone.picture('shell-phone.png');
});

await point('page when narrow then nothing is beside the screen', () => phone.untilFits());

await point('pages when all is done then no error', () =>
  pages.forEach((page) => equal(page.faults, [], 'faults')));

await browser.close();
done();

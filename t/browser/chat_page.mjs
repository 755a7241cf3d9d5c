// The chat page as a user sees it, in a browser of its own (its own cookies, its own storage).

import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';
import { Failure, until } from '../clients/tap.mjs';

const kArguments = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const kDesktop = { width: 1200, height: 800 };
export const kPhone = { width: 390, height: 844 };

function chromiumBinary() {
  const found = process.env.BAYEUX_CHROMIUM ??
    execFileSync('sh', ['-c', 'command -v chromium || command -v google-chrome || true']).toString().trim();
  if (found === '') {
    throw new Error('no chromium: apt-get install chromium, or name it in BAYEUX_CHROMIUM');
  }
  return found;
}

export const launch = () =>
  chromium.launch({ executablePath: chromiumBinary(), headless: true, args: kArguments });

export class ChatPage {
  faults = [];
  dialogs = 0;

  static async open(browser, url, { name, viewport = kDesktop, colorScheme = 'light' }) {
    const self = new ChatPage();
    self.url = url;
    const phone = viewport === kPhone ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {};
    self.context = await browser.newContext({ viewport, colorScheme, ...phone });
    await self.context.addInitScript((value) => {
      sessionStorage.getItem('name') ?? sessionStorage.setItem('name', value);
    }, name);
    self.page = await self.context.newPage();
    self.page.on('pageerror', (error) => self.faults.push(error.stack));
    self.page.on('dialog', (dialog) => ((self.dialogs += 1), dialog.dismiss()));
    self.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        self.faults.push(message.text());
      }
    });
    await self.page.goto(url);
    return self;
  }

  text = (selector) => this.page.locator(selector).innerText();
  texts = (selector) => this.page.locator(selector).allInnerTexts();
  visible = (selector) => this.page.locator(selector).isVisible();

  async until(condition, what) {
    await until(condition, what).catch(async (error) => {
      const wire = (await this.texts('#wire li')).slice(-8).join('\n');
      throw new Failure(`${error.message}\nlast on its wire:\n${wire}\n${this.faults.join('\n')}`);
    });
  }

  untilState = (state) =>
    this.until(async () => (await this.page.getAttribute('#status', 'data-state')) === state, `state ${state}`);

  async untilPeople(...names) {
    const wanted = [...names].sort();
    await this.until(async () => {
      const seen = await this.texts('#people li span:last-child');
      return JSON.stringify(seen.sort()) === JSON.stringify(wanted);
    }, `here now: ${wanted.join(', ')}`);
  }

  messages = () => this.texts('#log .message .text');

  untilMessage = (text) =>
    this.until(async () => (await this.messages()).includes(text), `the message ${text}`);

  enter = (room) => this.page.click(`#rooms [data-room="${room}"]`);

  // Says it and waits until it is shown: it has been to the server and back.
  async say(text) {
    await this.attempt(text);
    await this.untilMessage(text);
  }

  async attempt(text) {
    await this.page.fill('#text', text);
    await this.page.press('#text', 'Enter');
  }

  async logIn(user, password) {
    await this.page.click('#login-open');
    await this.page.fill('#login-user', user);
    await this.page.fill('#login-password', password);
    await this.page.click('#login-submit');
  }

  // Everything that its panel has shown as received on this channel.
  receivedOn = (channel) =>
    this.page.locator('#wire li.in', { hasText: channel }).locator('pre').evaluateAll(
      (nodes) => nodes.map((node) => JSON.parse(node.textContent)));

  // Faults apart from those that the test provoked.
  unexpectedFaults = (...expected) =>
    this.faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
}

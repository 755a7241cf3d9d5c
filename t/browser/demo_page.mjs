// A page of the demo as a user sees it, in a browser of its own (its own cookies, its own storage).

import { join } from 'node:path';
import { Failure, until } from '../clients/tap.mjs';

export const kDesktop = { width: 1200, height: 800 };
export const kPhone = { width: 390, height: 844 };

// Sets this browser's clock wrong; runs in the page.
function skewClock(skew) {
  const RealDate = Date;
  window.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length > 0 ? args : [RealDate.now() + skew]));
    }

    static now() {
      return RealDate.now() + skew;
    }
  };
}

export class DemoPage {
  faults = [];
  dialogs = 0;

  // `webSockets`: false for a network that lets none through.
  static async open(browser, url, options = {}) {
    const { name = '', viewport = kDesktop, colorScheme = 'light', transport, skew, webSockets = true } = options;
    const self = new this();
    self.url = url;
    const phone = viewport === kPhone ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {};
    self.context = await browser.newContext({ viewport, colorScheme, ...phone });
    await self.context.addInitScript((values) => {
      for (const [key, value] of Object.entries(values)) {
        sessionStorage.getItem(key) ?? sessionStorage.setItem(key, value);
      }
    }, { name, ...(transport && { transport }) });
    if (skew) {
      await self.context.addInitScript(skewClock, skew);
    }
    if (!webSockets) {
      await self.context.routeWebSocket(/./, (socket) => socket.close());
    }
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

  async untilTransport(transport) {
    await this.untilState('connected');
    await this.until(async () => (await this.text('#status-transport')) === transport, `connected by ${transport}`);
  }

  // What its switch says.
  pressed = () => this.page.locator('.switch [aria-pressed="true"]').getAttribute('data-transport');

  useTransport = (transport) => this.page.click(`.switch [data-transport="${transport}"]`);

  async pullCable() {
    await this.page.click('#cable');
    await this.untilState('broken');
  }

  async plugIn() {
    await this.page.click('#cable');
    await this.untilState('connected');
  }

  // How many the page says were replayed after its cable was out.
  async replayed() {
    await this.until(async () => /^Back after/.test(await this.text('#cable-report')), 'a report on the cable');
    return Number(/(\d+) messages? replayed/.exec(await this.text('#cable-report'))[1]);
  }

  async logIn(user, password) {
    await this.page.click('#login-open');
    await this.page.fill('#login-user', user);
    await this.page.fill('#login-password', password);
    await this.page.click('#login-submit');
  }

  async becomeMember(user, password) {
    await this.logIn(user, password);
    await this.until(async () => (await this.text('#me-kind')) === 'member', 'a member');
    await this.untilState('connected');
  }

  // All of the page, into BAYEUX_SCREENSHOTS.
  picture = (name) => this.page.screenshot({ path: join(process.env.BAYEUX_SCREENSHOTS, name), fullPage: true });

  // All that one may use or read is within the width of the screen.
  async untilFits() {
    const beside = () => this.page.evaluate(() =>
      [...document.querySelectorAll('h2, h3, p, a, button, input, select, output')]
        .filter((node) => node.checkVisibility() && !node.closest('.hidden-label, .skip'))
        .filter((node) => {
          const { left, right } = node.getBoundingClientRect();
          return left < 0 || right > document.documentElement.clientWidth + 0.5;
        }).map((node) => node.textContent || node.id));
    await this.until(async () => (await beside()).length === 0, 'nothing beside the screen');
  }

  // Everything that its panel has shown as received, or sent, on this channel.
  receivedOn = (channel) => this.#onWire('in', channel);
  sentOn = (channel) => this.#onWire('out', channel);

  #onWire = (way, channel) =>
    this.page.locator(`#wire li.${way}`, { hasText: channel }).locator('pre').evaluateAll(
      (nodes) => nodes.map((node) => JSON.parse(node.textContent)));

  // Faults apart from those that the test provoked.
  unexpectedFaults = (...expected) =>
    this.faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
}

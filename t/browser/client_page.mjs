// A page of a test with a client in it, in a browser of its own. What the client does is window.client there.

import { until } from '../clients/tap.mjs';

export class ClientPage {
  requests = [];
  framesSent = [];
  socketsOpen = 0;
  faults = [];
  failures = [];  // of requests, whoever is to blame

  static async open(browser, name, url) {
    const self = new this();
    self.name = name;
    self.context = await browser.newContext();
    self.page = await self.context.newPage();
    self.page.on('pageerror', (error) => self.faults.push(error.stack));
    self.page.on('request', (request) => self.requests.push({
      method: request.method(), url: request.url(), kind: request.resourceType(),
    }));
    self.page.on('requestfailed', (request) => self.failures.push(
      `${request.method()} ${request.resourceType()} ${request.failure()?.errorText}`));
    self.page.on('websocket', (socket) => {
      self.socketsOpen += 1;
      socket.on('framesent', ({ payload }) => self.framesSent.push(payload));
      socket.on('close', () => (self.socketsOpen -= 1));
    });
    await self.page.goto(url);
    return self;
  }

  // Calls window.client[method] and returns what its promise yields.
  call = (method, ...args) => this.page.evaluate(
    ([name, values]) => window.client[name](...values), [method, args]);
  get = (field) => this.page.evaluate((name) => window.client[name], field);

  until = (condition, what) => until(condition, () => `${this.name}: ${what} ${[...this.faults, ...this.failures].join('\n')}`);

  async numbersFrom(publisher) {
    return (await this.get('inbox')).filter(({ from }) => from === publisher).map(({ n }) => n);
  }
}

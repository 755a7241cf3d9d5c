// A network that can fail: what goes to httpd through it is cut off when the test says so.

import { connect, createServer } from 'node:net';

export class Network {
  #pairs = new Set();
  #online = true;
  refused = 0;

  static async open(httpdPort) {
    const self = new Network();
    self.server = createServer((client) => self.#join(client, httpdPort));
    await new Promise((resolve) => self.server.listen(0, '127.0.0.1', resolve));
    self.origin = `http://127.0.0.1:${self.server.address().port}`;
    return self;
  }

  #join(client, httpdPort) {
    if (!this.#online) {
      this.refused += 1;
      client.destroy();
      return;
    }
    const httpd = connect(httpdPort, '127.0.0.1');
    const pair = { client, httpd };
    this.#pairs.add(pair);
    const part = () => {
      this.#pairs.delete(pair);
      client.destroy();
      httpd.destroy();
    };
    [client, httpd].forEach((socket) => socket.setNoDelay(true).on('error', part).on('close', part));
    client.pipe(httpd).pipe(client);
  }

  cut() {
    this.#online = false;
    this.#pairs.forEach(({ client, httpd }) => {
      client.destroy();
      httpd.destroy();
    });
  }

  mend() {
    this.#online = true;
  }
}

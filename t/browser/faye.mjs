#!/usr/bin/env node
// The stock Faye client in Chromium, over each of its transports, as TAP.
// Usage: faye.mjs HTTPD_PORT
//
// The endpoint is behind a network that can be cut, on its own port and so of its own origin. Pages of
// another origin come from httpd directly.

import { check, done, equal, point, until } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { ClientPage } from './client_page.mjs';
import { Network } from './network.mjs';

const [httpdPort] = process.argv.slice(2).map(Number);
const kMessages = 10;
const room = '/room/faye';

const browser = await launch();
const network = await Network.open(httpdPort);
const endpoint = `${network.origin}/bayeux`;
const here = network.origin;
const elsewhere = `http://127.0.0.1:${httpdPort}`;

// Faye takes the first transport that is not disabled; from another origin it has no eventsource and no
// long-polling, and handshakes by callback-polling.
const kinds = [
  { type: 'websocket', origin: here, without: [] },
  { type: 'eventsource', origin: here, without: ['websocket'] },
  { type: 'long-polling', origin: here, without: ['websocket', 'eventsource'] },
  { type: 'websocket', origin: elsewhere, without: [] },
  { type: 'cross-origin-long-polling', origin: elsewhere, without: ['websocket'] },
  { type: 'callback-polling', origin: elsewhere, without: ['websocket', 'cross-origin-long-polling'] },
];

const clients = [];
for (const [i, kind] of kinds.entries()) {
  const name = `${kind.type}${kind.origin === here ? '' : ' elsewhere'}`;
  const client = await ClientPage.open(browser, name, `${kind.origin}/pages/faye.html`);
  await client.page.evaluate(([url, without]) => window.begin(url, without), [endpoint, kind.without]);
  clients.push(Object.assign(client, { kind, id: i }));
}
const everyone = (action) => Promise.all(clients.map(action));
const numbers = [...Array(kMessages).keys()];

async function publishAll() {
  await everyone(async (client) => {
    for (const n of numbers) {
      await client.call('publish', room, { from: client.name, n });
    }
  });
}

// All of them, each once; the order is not promised to one that publishes (ORD-2).
async function checkHeard() {
  const wanted = kMessages * clients.length;
  let sizes = [];
  await until(async () => {
    const heard = await everyone((client) => client.get('inbox'));
    sizes = heard.map((inbox) => inbox.filter(({ from }) => from !== 'probe').length);
    return sizes.every((size) => size >= wanted);
  }, () => `${wanted} messages at each: ${clients.map(
    ({ name, failures }, i) => [`${name} ${sizes[i]}`, ...failures].join(' ')).join(', ')}`);
  for (const client of clients) {
    for (const { name } of clients) {
      const heard = (await client.numbersFrom(name)).sort((a, b) => a - b);
      equal(heard, numbers, `${client.name}: messages of ${name} ${clients.map(({ failures }) => failures)}`);
    }
  }
}

await point('subscribe when each has another transport then all are subscribed', async () => {
  equal(await everyone((client) => client.call('subscribe', room)), clients.map(() => true), 'subscribed');
});

await point('publish when each has another transport then each gets each message once', async () => {
  await publishAll();
  await checkHeard();
});

await point('transport when looked at then the one that was meant', async () => {
  for (const { name, kind, call, requests, socketsOpen } of clients) {
    const types = await call('types');
    equal(types.at(-1), kind.type, `${name}: connectionType`);
    const bayeux = requests.filter(({ url }) => url.startsWith(endpoint));
    const count = (wanted) => bayeux.filter(wanted).length;
    equal(socketsOpen, kind.type === 'websocket' ? 1 : 0, `${name}: sockets`);
    equal(count(({ kind: what }) => what === 'eventsource') > 0, kind.type === 'eventsource', `${name}: event sources`);
    if (kind.type === 'callback-polling') {
      equal(count(({ method }) => method !== 'GET'), 0, `${name}: requests that are no scripts`);
      check(count(({ kind: what }) => what === 'script') > kMessages, `${name}: scripts`);
    }
  }
});

// Faye has no acknowledgements: what was on its way when the network failed may be lost.
await point('network when cut then the same sessions go on', async () => {
  network.cut();
  await until(() => network.refused >= clients.length, 'attempts to connect');
  network.mend();
  let probes = 0;
  await until(async () => {
    await clients[0].call('publish', room, { from: 'probe', n: (probes += 1) });
    const heard = await everyone((client) => client.numbersFrom('probe'));
    return heard.every((numbers) => numbers.length > 0);
  }, 'a message for each');
  await everyone((client) => client.page.evaluate(() => (window.client.inbox.length = 0)));
  await publishAll();
  await checkHeard();
  equal(await everyone((client) => client.get('handshakes')), clients.map(() => 1), 'handshakes');
});

await point('disconnect when connected then acknowledged', async () => {
  equal(await everyone((client) => client.call('disconnect')), clients.map(() => true), 'disconnected');
  await everyone((client) => client.until(() => client.socketsOpen === 0, 'the socket is closed'));
  clients.forEach(({ name, faults }) => equal(faults, [], `${name}: errors`));
});

await browser.close();
done();

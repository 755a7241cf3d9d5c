#!/usr/bin/env node
// The stock CometD client in Chromium over WebSocket, as TAP. Usage: cometd.mjs HTTPD_PORT
//
// Nine browsers, on two networks: one of these is cut.

import { check, diag, done, equal, point } from '../clients/tap.mjs';
import { launch } from './chromium.mjs';
import { ClientPage } from './client_page.mjs';
import { Network } from './network.mjs';

const port = Number(process.argv[2]);
const kClients = 9;
const kMessages = 12;
const room = '/room/chromium';

const browser = await launch();
const [steady, shaky] = await Promise.all([Network.open(port), Network.open(port)]);
const clients = [];
for (let i = 0; i < kClients; i += 1) {
  const network = i % 3 === 0 ? shaky : steady;
  clients.push(await ClientPage.open(browser, `w${i}`, `${network.origin}/pages/cometd.html`));
}
const cutOff = clients.filter((_, i) => i % 3 === 0);
const others = clients.filter((client) => !cutOff.includes(client));
const everyone = (action) => Promise.all(clients.map(action));
const call = (method, ...args) => everyone((client) => client.call(method, ...args));

const numbers = (first, count) => Array.from({ length: count }, (_, i) => first + i);

async function publishAll(publishers, first) {
  await Promise.all(publishers.map(async (client) => {
    for (const n of numbers(first, kMessages)) {
      const reply = await client.call('publish', room, { from: client.name, n });
      check(reply.successful, `${client.name}: publish ${n}: ${reply.error}`);
    }
  }));
}

// With acknowledgements the order of each publisher is kept, also for one that publishes (ORD-3).
async function checkHeard(publishers, count) {
  for (const client of clients) {
    for (const { name } of publishers) {
      await client.until(async () => (await client.numbersFrom(name)).length >= count, `${count} messages of ${name}`);
      equal(await client.numbersFrom(name), numbers(0, count), `${client.name}: messages of ${name}`);
    }
  }
}

await point('handshake when over a WebSocket then a session, and no request besides (WS-1, WS-3)', async () => {
  (await call('handshake')).forEach((reply, i) => check(reply.successful, `w${i}: ${reply.error}`));
  await everyone((client) => client.until(() => client.get('connected'), 'connected'));
  equal(new Set(await call('clientId')).size, kClients, 'distinct client ids');
  equal(new Set(await call('transport')), new Set(['websocket']), 'transports');
  clients.forEach(({ name, socketsOpen, requests }) => {
    equal(socketsOpen, 1, `${name}: sockets`);
    equal(requests.filter(({ method }) => method !== 'GET'), [], `${name}: requests`);
  });
});

await point('publish when all are subscribed then each gets each message once, in order', async () => {
  (await call('subscribe', room)).forEach((reply, i) => check(reply.successful, `w${i}: ${reply.error}`));
  await publishAll(clients, 0);
  await checkHeard(clients, kMessages);
});

await point('batch when published then in one frame, and in order', async () => {
  const [client] = others;
  client.framesSent = [];
  const batch = numbers(kMessages, 5).map((n) => ({ from: client.name, n }));
  const replies = await client.call('publishBatch', room, batch);
  replies.forEach((reply) => check(reply.successful, reply.error));
  const frames = client.framesSent.map((frame) => JSON.parse(frame)).filter((messages) =>
    messages.some(({ channel }) => channel === room));
  equal(frames.map((messages) => messages.length), [5], 'messages in each frame');
  await checkHeard([client], kMessages + 5);
});

await point('network when cut then the session goes on and the missed come once, in order (WS-6, WS-9)', async () => {
  const publishers = others.slice(1);
  const sessions = await call('clientId');
  shaky.cut();
  await Promise.all(cutOff.map((client) => client.until(async () => !(await client.get('connected')), 'cut off')));
  await publishAll(publishers, kMessages);
  for (const client of cutOff) {
    equal((await client.numbersFrom(publishers[0].name)).length, kMessages, `${client.name}: heard while cut off`);
  }
  shaky.mend();
  await checkHeard(publishers, 2 * kMessages);
  await Promise.all(cutOff.map((client) => client.until(() => client.get('connected'), 'connected again')));
  equal(await call('clientId'), sessions, 'sessions');
  equal(await everyone((client) => client.get('handshakes')), clients.map(() => 1), 'handshakes');
  await publishAll(publishers, 2 * kMessages);
  await checkHeard(publishers, 3 * kMessages);
});

await point('disconnect when connected then acknowledged, and the socket closed', async () => {
  (await call('disconnect')).forEach((reply, i) => check(reply.successful, `w${i}: ${reply.error}`));
  await everyone((client) => client.until(() => client.socketsOpen === 0, 'the socket is closed'));
  equal(await call('isDisconnected'), clients.map(() => true), 'disconnected');
  clients.forEach(({ name, faults }) => equal(faults, [], `${name}: errors`));
});

await browser.close();
diag(`${kClients} browsers`);
done();

#!/usr/bin/env node
// Twenty stock CometD clients (npm cometd on cometd-nodejs-client) over long-polling, as TAP.
// Usage: cometd.mjs [--ordered] URL
//
// Without more, only a client that does not publish is promised an order, as an event in the answer to
// a publish may overtake one in the answer to a connect (ORD-2). --ordered: the server delivers with
// connects only (ORD-3), which promises it to everybody.

import { CometdClient } from './cometd_client.mjs';
import { Inbox } from './inbox.mjs';
import { check, done, equal, point, until } from './tap.mjs';

const ordered = process.argv.includes('--ordered');
const url = process.argv.at(-1);
const kClients = 20;
const kMessages = 12;
const room = '/room/one';

// Half of them only listen.
const clients = Array.from({ length: kClients }, (_, i) => {
  const client = new CometdClient(`c${i}`, url);
  client.inbox = new Inbox();
  client.publishes = i % 2 === 1;
  return client;
});
const publishers = clients.filter(({ publishes }) => publishes);
const names = publishers.map(({ name }) => name);
const everyone = (action) => Promise.all(clients.map(action));

async function subscribe(client, channel = room) {
  const { handle, reply } = await client.subscribe(channel, ({ data }) => client.inbox.take(data));
  equal(reply.successful, true, `${client.name}: subscribe to ${channel}: ${reply.error}`);
  client.handle = handle;
}

// Single messages and batches take turns; each waits for the one before.
async function publishAll(client) {
  for (let n = 0; n < kMessages; ) {
    const size = n % 4 === 0 ? 1 : 3;
    const batch = Array.from({ length: size }, (_, i) => ({ from: client.name, n: n + i }));
    const replies = size === 1 ? [await client.publish(room, batch[0])] : await client.publishBatch(room, batch);
    replies.forEach((reply) => check(reply.successful, `${client.name}: publish ${n}: ${reply.error}`));
    n += size;
  }
}

async function exchange() {
  clients.forEach(({ inbox }) => inbox.clear());
  const wanted = publishers.length * kMessages;
  await Promise.all(publishers.map(publishAll));
  await until(() => clients.every(({ inbox }) => inbox.countFrom(names) >= wanted), () =>
    `${wanted} messages for each; got ${clients.map(({ inbox }) => inbox.countFrom(names)).join(' ')}`);
  // What comes twice comes before a message that is published after the first copies arrived.
  await clients[0].publish(room, { from: 'last', n: 0 });
  await until(() => clients.every(({ inbox }) => inbox.has('last')), 'the last message for each');
}

const checkExchange = () =>
  clients.forEach(({ inbox, name }) => {
    equal(inbox.countFrom(names), names.length * kMessages, `${name}: messages`);
    inbox.checkEachOnce(names, kMessages, name);
  });

await point(`handshake when ${kClients} clients then each has a session`, async () => {
  const replies = await everyone((client) => client.handshake());
  replies.forEach((reply, i) => check(reply.successful, `c${i}: ${reply.error}`));
  equal(new Set(clients.map(({ cometd }) => cometd.getClientId())).size, kClients, 'distinct client ids');
});

await point('connect when handshaken then held and answered', () =>
  until(() => clients.every(({ connects }) => connects > 0), 'a connect of each is answered'));

await point('subscribe when connected then successful', () => everyone((client) => subscribe(client)));

await point('publish when all subscribe then each gets each message exactly once', async () => {
  await exchange();
  checkExchange();
});

await point(`publish when ${ordered ? 'all' : 'they only'} listen then order of each publisher is kept`, () =>
  clients.filter(({ publishes }) => ordered || !publishes)
    .forEach(({ inbox, name }) => inbox.checkOrder(names, name)));

await point('unsubscribe when others stay then only they get messages', async () => {
  const [gone, ...rest] = clients;
  equal((await gone.unsubscribe(gone.handle)).successful, true, 'unsubscribe');
  clients.forEach(({ inbox }) => inbox.clear());
  equal((await publishers[0].publish(room, { from: 'c1', n: 0 })).successful, true, 'publish');
  await until(() => rest.every(({ inbox }) => inbox.size === 1), 'the others get it');
  // Whatever the server sent to the first client came no later than this message on another channel.
  await subscribe(gone, '/room/two');
  equal((await publishers[0].publish('/room/two', { from: 'c1', n: 1 })).successful, true, 'publish');
  await until(() => gone.inbox.size > 0, 'its other subscription works');
  gone.inbox.checkOnly({ from: 'c1', n: 1 }, gone.name);
});

await point('session lost at the server when the client returns then it handshakes and subscribes anew', async () => {
  const lost = clients.filter((_, i) => i % 5 === 2);
  const before = lost.map(({ cometd }) => cometd.getClientId());
  lost.forEach((client) => {
    client.subscribed = new Promise((resolve, reject) => {
      client.onHandshake = () => subscribe(client).then(resolve, reject);
    });
  });
  const goodbyes = await Promise.all(lost.map((client) => client.loseSession()));
  goodbyes.forEach((reply, i) => check(reply?.successful, `${lost[i].name}: ended from outside: ${reply?.error}`));
  await until(() => lost.every(({ handshakes }) => handshakes === 2), 'a second handshake of each');
  await Promise.all(lost.map(({ subscribed }) => subscribed));
  lost.forEach(({ cometd }, i) => check(cometd.getClientId() !== before[i], 'a new client id'));
});

await point('publish when sessions were renewed then each gets each message exactly once', async () => {
  await subscribe(clients[0]);
  await exchange();
  checkExchange();
});

await point('disconnect when connected then successful and silent', async () => {
  const replies = await everyone((client) => client.disconnect());
  replies.forEach((reply, i) => check(reply.successful, `c${i}: ${reply.error}`));
  await until(() => clients.every(({ cometd }) => cometd.isDisconnected()), 'all are disconnected');
  await until(() => clients.every(({ browser }) => browser.requests.size === 0), 'no request is left under way');
});

done();

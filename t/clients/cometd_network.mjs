#!/usr/bin/env node
// Twenty stock CometD clients with ack, timesync and reload over a network that is cut, as TAP.
// Usage: cometd_network.mjs websocket|long-polling URL

import { CometdNetworkClient } from './cometd_network_client.mjs';
import { CuttableProxy } from './cuttable_proxy.mjs';
import { check, diag, done, equal, point, until } from './tap.mjs';

const [transport, url] = process.argv.slice(2);
const kListeners = 14;
const kSpeakers = 6;
const kMessages = 30;
const room = '/network/room';

const target = new URL(url);
const proxy = new CuttableProxy(Number(target.port));
const throughProxy = new URL(url);
throughProxy.port = String(await proxy.open());

// Those who listen do it through the network that is cut; those who speak have a better one, so that
// each of their messages is sent once.
const listeners = Array.from({ length: kListeners }, (_, i) => new CometdNetworkClient(`l${i}`, throughProxy.href, transport));
const speakers = Array.from({ length: kSpeakers }, (_, i) => new CometdNetworkClient(`s${i}`, url, transport));
const clients = [...listeners, ...speakers];
const names = speakers.map(({ name }) => name);
const everyone = (action) => Promise.all(clients.map(action));

async function subscribe(client, channel = room) {
  const { reply } = await client.subscribe(channel, ({ data }) => client.inbox.take(data));
  equal(reply.successful, true, `${client.name}: subscribe to ${channel}: ${reply.error}`);
}

async function speakAll(speaker, pause) {
  for (let n = 0; n < kMessages; ) {
    const size = n % 5 === 0 ? 1 : 4;
    const batch = Array.from({ length: size }, (_, i) => ({ from: speaker.name, n: n + i }));
    const replies = size === 1 ? [await speaker.publish(room, batch[0])] : await speaker.publishBatch(room, batch);
    replies.forEach((reply) => check(reply.successful, `${speaker.name}: publish ${n}: ${JSON.stringify(reply)}`));
    n += size;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function checkExchange() {
  clients.forEach(({ inbox, name }) => {
    inbox.checkEachOnce(names, kMessages, name);
    // ORD-3: with ack everybody is promised an order, whoever publishes.
    inbox.checkOrder(names, name);
  });
}

async function exchange(meanwhile = () => {}, pause = 0) {
  clients.forEach(({ inbox }) => inbox.clear());
  const wanted = names.length * kMessages;
  let speaking = true;
  const spoken = Promise.all(speakers.map((speaker) => speakAll(speaker, pause))).finally(() => (speaking = false));
  await meanwhile(() => speaking);
  await spoken;
  await until(() => clients.every(({ inbox }) => inbox.countFrom(names) >= wanted), () =>
    `${wanted} messages for each; got ${clients.map(({ inbox }) => inbox.countFrom(names)).join(' ')}`);
  // What comes twice comes before a message that is published after the first copies arrived.
  await speakers[0].publish(room, { from: 'last', n: 0 });
  await until(() => clients.every(({ inbox }) => inbox.has('last')), 'the last message for each');
  checkExchange();
}

const sameSessions = (before) => clients.forEach((client, i) => {
  equal(client.cometd.getClientId(), before[i], `${client.name}: its session`);
  equal(client.handshakes, 1, `${client.name}: handshakes`);
});
const ids = () => clients.map(({ cometd }) => cometd.getClientId());

await point(`handshake over ${transport} when ack is asked for then confirmed`, async () => {
  const replies = await everyone((client) => client.handshake());
  replies.forEach((reply, i) => {
    check(reply.successful, `${clients[i].name}: ${JSON.stringify(reply)}`);
    equal(reply.ext.ack, true, `${clients[i].name}: ext.ack`);
  });
  equal(new Set(ids()).size, clients.length, 'distinct client ids');
  clients.forEach(({ cometd, name }) => equal(cometd.getTransport().type, transport, `${name}: transport`));
});

await point('subscribe when connected then successful', () => everyone((client) => subscribe(client)));

await point('publish and batch when the network is well then each message once, in order, for everybody', () => exchange());

await point('timesync when connected then every client knows the time of the server', () =>
  clients.forEach(({ timesync, name }) => {
    const offset = timesync.getTimeOffset();
    check(Math.abs(offset) < 250 && timesync.getNetworkLag() < 500, `${name}: ${offset} ms off, lag ${timesync.getNetworkLag()}`);
  }));

await point('network cut again and again while all publish then nothing lost, nothing twice, the same sessions', async () => {
  const before = ids();
  let cuts = 0;
  await exchange(async (speaking) => {
    while (speaking()) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      proxy.cut();
      cuts += 1;
    }
  }, 120);
  diag(`${cuts} cuts`);
  check(cuts >= 3, 'it was not cut');
  sameSessions(before);
});

await point('network down while others publish then all of it when it is up again, in the same sessions', async () => {
  const before = ids();
  await exchange(async (speaking) => {
    proxy.down();
    await until(() => !speaking(), 'everything is published');
    listeners.forEach(({ inbox, name }) => check(inbox.size < names.length * kMessages, `${name} got it through no network`));
    proxy.up();
  });
  sameSessions(before);
});

await point('websocket when the network was cut then opened anew, else none', () =>
  transport === 'websocket'
    ? listeners.forEach((client) => check(client.socketsOpened() > 1, `${client.name}: sockets`))
    : clients.forEach((client) => equal(client.socketsOpened(), 0, `${client.name}: sockets`)));

await point('reload when the page comes back then the session goes on, with what was published meanwhile', async () => {
  for (const i of [0, 3]) {
    const before = listeners[i].cometd.getClientId();
    const page = listeners[i].reloaded();
    await speakers[1].publish(room, { from: 'reload', n: i });
    // A page subscribes when it is loaded; what waited may come with the first connect.
    page.cometd.addListener('/meta/handshake', () => page.cometd.subscribe(room, ({ data }) => page.inbox.take(data)));
    const reply = await page.handshake();
    equal([reply.successful, reply.ext?.reload, reply.clientId], [true, true, before], 'a handshake that was replayed');
    await until(() => page.inbox.has('reload'), 'what was published while it was away');
    await speakers[1].publish(room, { from: 'after', n: i });
    await until(() => page.inbox.has('after'), 'what is published now');
    page.handshakes = 1;
    clients[clients.indexOf(listeners[i])] = page;
    listeners[i] = page;
  }
});

await point('disconnect when connected then successful', async () => {
  const replies = await everyone((client) => client.disconnect());
  replies.forEach((reply, i) => check(reply.successful, `${clients[i].name}: ${JSON.stringify(reply)}`));
  await until(() => clients.every(({ cometd }) => cometd.isDisconnected()), 'all are disconnected');
});

done();

#!/usr/bin/env node
// Twenty stock Faye clients over a network that is cut, as TAP.
// Usage: faye_network.mjs websocket|long-polling URL

import faye from 'faye';
import { CuttableProxy } from './cuttable_proxy.mjs';
import { Inbox } from './inbox.mjs';
import { closed, connections } from './server_status.mjs';
import { check, done, equal, inTime, point, until } from './tap.mjs';

const [transport, url] = process.argv.slice(2);
const kListeners = 14;
const kSpeakers = 6;
const kMessages = 12;
const channel = '/faye/network';

const target = new URL(url);
const proxy = new CuttableProxy(Number(target.port));
const throughProxy = new URL(url);
throughProxy.port = String(await proxy.open());

class Watch {
  handshakes = 0;
  ended = false;
  asked = new Set();
  answered = false;

  incoming(message, next) {
    // A connect by the transport that its client uses in the end.
    this.answered ||= message.channel === '/meta/connect' && message.successful && this.asked.has(message.id);
    this.handshakes += message.channel === '/meta/handshake' && message.successful ? 1 : 0;
    this.ended ||= message.channel === '/meta/disconnect' && message.successful;
    next(message);
  }

  // What the connects say that they use.
  outgoing(message, next) {
    if (message.channel === '/meta/connect') {
      this.type = message.connectionType;
      if (this.type === transport) {
        this.asked.add(message.id);
      }
    }
    next(message);
  }
}

function newClient(name, endpoint) {
  const client = new faye.Client(endpoint, { retry: 0.3 });
  if (transport !== 'websocket') {
    client.disable('websocket');
  }
  client.name = name;
  client.inbox = new Inbox();
  client.watch = new Watch();
  client.addExtension(client.watch);
  return client;
}

const listeners = Array.from({ length: kListeners }, (_, i) => newClient(`l${i}`, throughProxy.href));
const speakers = Array.from({ length: kSpeakers }, (_, i) => newClient(`s${i}`, url));
const clients = [...listeners, ...speakers];
const names = speakers.map(({ name }) => name);

// A subscription is a promise of nothing, hence the object around it.
async function subscribe(client, name = channel) {
  const subscription = client.subscribe(name, (data) => client.inbox.take(data));
  await inTime(subscription, `${client.name}: subscribe to ${name}`);
  return { subscription };
}

// One after the other, and then several at once: over long-polling they share a request.
async function speakAll(speaker) {
  const publish = (n) => inTime(speaker.publish(channel, { from: speaker.name, n }), `${speaker.name}: publish ${n}`);
  for (let n = 0; n < kMessages / 2; n += 1) {
    await publish(n);
  }
  await Promise.all(Array.from({ length: kMessages / 2 }, (_, i) => publish(kMessages / 2 + i)));
}

async function exchange(before = () => {}, after = () => {}) {
  clients.forEach(({ inbox }) => inbox.clear());
  await before();
  await Promise.all(speakers.map(speakAll));
  await after();
  const wanted = names.length * kMessages;
  const received = () => clients.map(({ inbox }) => inbox.countFrom(names));
  await until(() => received().every((count) => count >= wanted), () => `${wanted} for each; got ${received().join(' ')}`);
  await inTime(speakers[0].publish(channel, { from: 'last', n: 0 }), 'publish the last message');
  await until(() => clients.every(({ inbox }) => inbox.has('last')), 'the last message for each');
  clients.forEach(({ inbox, name }) => inbox.checkEachOnce(names, kMessages, name));
}

const handshakes = (most) => clients.forEach(({ watch, name }) =>
  check(watch.handshakes >= 1 && watch.handshakes <= most, `${name}: ${watch.handshakes} handshakes`));

// The first WebSocket is opened before the handshake's answer has brought the cookie. If the first connect
// still goes by long-polling, and so shows the cookie, that socket is refused (S4), and the client shakes
// hands once more and opens another one, with the cookie.
await point(`connect over ${transport} when the client chose it then in a session, after two handshakes at most`, async () => {
  clients.forEach((client) => client.connect());
  await until(() => clients.every(({ watch }) => watch.type === transport && watch.answered), () =>
    `${transport}, not ${clients.map(({ watch }) => `${watch.type} ${watch.answered}`).join(', ')}`);
  handshakes(transport === 'websocket' ? 2 : 1);
  clients.forEach(({ watch }) => (watch.handshakes = 1));
});

await point('subscribe when connected then successful', async () => {
  await Promise.all(clients.map((client) => subscribe(client)));
  handshakes(1);
});

await point('publish, single and several at once, then each message exactly once', () => exchange());

await point('publish when websocket then in the order of each publisher', () =>
  transport === 'websocket' ? listeners.forEach(({ inbox, name }) => inbox.checkOrder(names, name)) : undefined);

for (const turn of [1, 2]) {
  await point(`network down while others publish (${turn}) then all of it when it is up again`, () =>
    exchange(
      async () => {
        // Without ack an event is lost that the server sends to a connection it does not yet know is dead.
        const before = await connections(target.origin);
        const broken = proxy.connections;
        check(broken >= kListeners, `only ${broken} connections`);
        proxy.down();
        await closed(target.origin, before, kListeners);
      },
      () => {
        listeners.forEach(({ inbox, name }) => check(inbox.size === 0, `${name} got it through no network`));
        proxy.up();
      },
    ));
}

await point('network cut then the sessions go on: nobody shook hands again', () => handshakes(1));

await point('subscribe and publish when the network was cut then as before', async () => {
  await subscribe(listeners[0], '/faye/after');
  listeners[0].inbox.clear();
  await inTime(listeners[1].publish('/faye/after', { from: 'l1', n: 0 }), 'publish');
  await until(() => listeners[0].inbox.has('l1'), 'it comes');
});

await point('unsubscribe then nothing more', async () => {
  const { subscription } = await subscribe(listeners[2], '/faye/gone');
  subscription.cancel();
  await subscribe(listeners[2], '/faye/stay');
  listeners[2].inbox.clear();
  await inTime(speakers[0].publish('/faye/gone', { from: 's0', n: 0 }), 'publish');
  await inTime(speakers[0].publish('/faye/stay', { from: 's0', n: 1 }), 'publish');
  await until(() => listeners[2].inbox.has('s0'), 'its other subscription works');
  listeners[2].inbox.checkOnly({ from: 's0', n: 1 }, 'l2');
});

await point('disconnect when connected then acknowledged', async () => {
  await Promise.all(clients.map((client) => inTime(client.disconnect(), `${client.name}: disconnect`)));
  clients.forEach(({ watch, name }) => check(watch.ended, `${name}: disconnect is acknowledged`));
});

done();

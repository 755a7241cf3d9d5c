#!/usr/bin/env node
// Twenty stock Faye clients (npm faye) over long-polling, as TAP. Each has a cookie jar of its own.
// Usage: faye.mjs URL

import faye from 'faye';
import { Inbox } from './inbox.mjs';
import { check, done, equal, inTime, point, until } from './tap.mjs';

const url = process.argv[2];
const kClients = 20;
const kMessages = 10;
const channels = ['/faye/one', '/faye/two'];
const patterns = ['/faye/*', '/faye/**'];

// Counts the handshakes; when told so, sends the next connect for a session that nobody knows.
class Watch {
  handshakes = 0;
  forget = false;
  ended = false;

  incoming(message, next) {
    this.handshakes += message.channel === '/meta/handshake' && message.successful ? 1 : 0;
    this.ended ||= message.channel === '/meta/disconnect' && message.successful;
    next(message);
  }

  outgoing(message, next) {
    if (this.forget && message.channel === '/meta/connect') {
      this.forget = false;
      next({ ...message, clientId: 'nosuchsession' });
    } else {
      next(message);
    }
  }
}

// Half of them only listen: an event in the answer to a publish may overtake one in the answer to a
// connect (ORD-2), so only who does not publish is promised an order.
const clients = Array.from({ length: kClients }, (_, i) => {
  const client = new faye.Client(url);
  client.disable('websocket');
  client.name = `f${i}`;
  client.publishes = i % 2 === 1;
  client.pattern = patterns[(i >> 1) % 2];
  client.inboxes = Object.fromEntries(channels.map((channel) => [channel, new Inbox()]));
  client.watch = new Watch();
  client.addExtension(client.watch);
  return client;
});
const publishers = clients.filter(({ publishes }) => publishes);
const names = publishers.map(({ name }) => name);
const received = ({ inboxes }) =>
  channels.reduce((sum, channel) => sum + inboxes[channel].countFrom(names), 0);

async function subscribe(client) {
  client.subscription = client.subscribe(client.pattern)
    .withChannel((channel, data) => client.inboxes[channel].take(data));
  await inTime(client.subscription, `${client.name}: subscribe to ${client.pattern}`);
}

async function publishAll(client) {
  for (let n = 0; n < kMessages; n += 1) {
    for (const channel of channels) {
      await inTime(client.publish(channel, { from: client.name, n }), `${client.name}: publish ${n}`);
    }
  }
}

async function exchange() {
  const wanted = publishers.length * kMessages * channels.length;
  clients.forEach(({ inboxes }) => Object.values(inboxes).forEach((inbox) => inbox.clear()));
  await Promise.all(publishers.map(publishAll));
  await until(() => clients.every((client) => received(client) >= wanted), () =>
    `${wanted} messages for each; got ${clients.map(received).join(' ')}`);
  // What comes twice comes before a message that is published after the first copies arrived.
  await inTime(clients[0].publish(channels[0], { from: 'last', n: 0 }), 'publish the last message');
  await until(() => clients.every(({ inboxes }) => inboxes[channels[0]].has('last')), 'the last message for each');
  clients.forEach((client) => {
    equal(received(client), wanted, `${client.name}: messages`);
    channels.forEach((channel) => client.inboxes[channel].checkEachOnce(names, kMessages, client.name));
  });
}

await point(`subscribe to a pattern when ${kClients} clients then successful`, () => Promise.all(clients.map(subscribe)));

await point('subscribe when acknowledged then each client handshook once', () =>
  clients.forEach(({ watch, name }) => equal(watch.handshakes, 1, `${name}: handshakes`)));

await point('publish when patterns match then each gets each message exactly once', exchange);

await point('publish when subscribers only listen then order of each publisher is kept', () =>
  clients.filter(({ publishes }) => !publishes).forEach(({ inboxes, name }) =>
    channels.forEach((channel) => inboxes[channel].checkOrder(names, name))));

await point('session unknown when the client connects then it handshakes and subscribes anew', async () => {
  const lost = clients.filter((_, i) => i % 5 === 2);
  lost.forEach(({ watch }) => (watch.forget = true));
  await inTime(clients[1].publish(channels[0], { from: 'wake', n: 0 }), 'publish');
  await until(() => lost.every(({ watch }) => watch.handshakes === 2), 'a second handshake of each');
  // Its subscriptions are sent anew by the library, which does not say when they are acknowledged.
  await until(async () => {
    await inTime(clients[1].publish(channels[0], { from: 'probe', n: 0 }), 'publish');
    return lost.every(({ inboxes }) => inboxes[channels[0]].has('probe'));
  }, 'messages for each again');
});

await point('publish when sessions were renewed then each gets each message exactly once', exchange);

await point('disconnect when connected then successful', async () => {
  const goodbyes = clients.map((client) => inTime(client.disconnect(), `${client.name}: disconnect`));
  await Promise.all(goodbyes);
  clients.forEach(({ watch, name }) => check(watch.ended, `${name}: disconnect is acknowledged`));
});

done();

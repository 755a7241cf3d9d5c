#!/usr/bin/env node
// Two stock CometD clients where an address may shake hands once in three seconds, as TAP.
// Usage: limits.mjs long-polling|websocket URL

import { WebSocketTransport } from 'cometd/WebSocketTransport.js';
import { CometdClient } from './cometd_client.mjs';
import { check, done, equal, point, until } from './tap.mjs';

const [transport, url] = process.argv.slice(-2);

function newClient(name) {
  const client = new CometdClient(name, url);
  if (transport === 'websocket') {
    client.cometd.unregisterTransport('long-polling');
    client.cometd.registerTransport('websocket', new WebSocketTransport());
  }
  client.refusals = [];
  client.cometd.addListener('/meta/handshake', (reply) => {
    if (!reply.successful) {
      client.refusals.push(reply);
    }
  });
  return client;
}

// Whoever was here before may have spent what the address has.
const [first, second] = [newClient('first'), newClient('second')];
first.handshake();

await point('the first one is served', () => until(() => first.handshakes === 1, () => 'a handshake'));

await point('the second one is refused, with advice', async () => {
  const reply = await second.handshake();
  equal(reply.successful, false, 'handshake');
  equal(reply.error, '429::too_many_handshakes', 'error');
  check(reply.advice.interval >= 1000 && reply.advice.interval <= 3000, `interval ${reply.advice.interval}`);
});

await point('it comes again by itself, not more often than it should, and works', async () => {
  const began = Date.now();
  await until(() => second.handshakes === 1, () => `a handshake; refused ${second.refusals.length} times`);
  const waited = Date.now() - began;
  check(waited >= 900, `it waited for ${waited} ms`);
  check(second.refusals.length <= 3, `refused ${second.refusals.length} times`);
  const got = [];
  await first.subscribe('/limits', ({ data }) => got.push(data));
  check((await second.publish('/limits', 'here')).successful, 'publish');
  await until(() => got.length === 1, () => 'the message');
});

await first.disconnect();
await second.disconnect();
done();

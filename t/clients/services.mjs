#!/usr/bin/env node
// remoteCall() of the stock CometD client over one transport, with and without its extensions, as TAP.
// Usage: services.mjs long-polling|websocket URL

import { WebSocketTransport } from 'cometd/WebSocketTransport.js';
import { CometdClient } from './cometd_client.mjs';
import { CometdNetworkClient } from './cometd_network_client.mjs';
import { check, done, equal, inTime, point, until } from './tap.mjs';

const [transport, url] = process.argv.slice(-2);

function plainClient() {
  const client = new CometdClient('plain', url);
  if (transport === 'websocket') {
    client.cometd.unregisterTransport('long-polling');
    client.cometd.registerTransport('websocket', new WebSocketTransport());
  }
  return client;
}

const call = ({ name, cometd }, target, data, timeout = 10000) =>
  inTime(new Promise((resolve) => cometd.remoteCall(target, data, timeout, resolve)), `${name}: ${target}`);

async function checkCalls(client) {
  const { cometd } = client;
  await point(`${client.name}: the result of a call`, async () => {
    check((await client.handshake()).successful, 'handshake');
    const answer = await call(client, 'echo', { a: [1, 'ü'] });
    equal([answer.successful, answer.data], [true, { a: [1, 'ü'] }], 'answer');
    equal((await call(client, '/lua', 7)).data, { lua: 7, channel: '/service/lua' }, 'answer');
  });
  await point(`${client.name}: fifty calls at once, each has its own answer`, async () => {
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const answers = await Promise.all(numbers.map((n) => call(client, 'reflect', n)));
    equal(answers.map(({ data }) => data), numbers, 'answers');
  });
  await point(`${client.name}: calls in a batch, with others`, async () => {
    const answers = [];
    cometd.batch(() => [1, 2, 3].forEach((n) => answers.push(call(client, 'echo', n))));
    equal((await Promise.all(answers)).map(({ data }) => data), [1, 2, 3], 'answers');
  });
  await point(`${client.name}: failures: of the service, its own JSON, not allowed`, async () => {
    const missing = await call(client, 'missing', 1);
    equal([missing.successful, missing.data.code], [false, 404], 'missing');
    const own = await call(client, 'status', { status: '422 X', body: '{"field":"a"}' });
    equal([own.successful, own.data], [false, { field: 'a' }], 'own');
    const denied = await call(client, 'denied', 1);
    check(!denied.successful && /^403:/.test(denied.error), JSON.stringify(denied));
  });
  await point(`${client.name}: a service that says nothing: the client waits as long as it likes`, async () => {
    const silent = await call(client, 'status', { status: '204 No Content' }, 500);
    equal([silent.successful, silent.error], [false, '406::timeout'], 'silent');
  });
  await point(`${client.name}: an ordinary message on the channel: its answer is an event`, async () => {
    const events = [];
    const listener = cometd.addListener('/service/echo', (event) => events.push(event.data));
    check((await client.publish('/service/echo', 'hello')).successful, 'the acknowledgement');
    await until(() => events.length > 0, 'the event');
    cometd.removeListener(listener);
    equal(events, ['hello'], 'events');
  });
  await client.disconnect();
}

await checkCalls(plainClient());
await checkCalls(new CometdNetworkClient('with-ack', url, transport));
done();

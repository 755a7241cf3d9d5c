// The stock CometD client in a page, as the tests use it: over a WebSocket, with acknowledgements.

import { AckExtension, CometD } from '/cometd/cometd.js';

const cometd = new CometD();
const asked = (start) => new Promise(start);

cometd.getTransportTypes().filter((type) => type !== 'websocket').forEach((type) => cometd.unregisterTransport(type));
cometd.configure({ url: new URL('/bayeux', location.href).href, backoffIncrement: 200, maxBackoff: 400 });
cometd.registerExtension('ack', new AckExtension());

window.client = {
  inbox: [],
  handshakes: 0,
  connected: false,
  transport: () => cometd.getTransport().type,
  clientId: () => cometd.getClientId(),
  handshake: () => asked((resolve) => cometd.handshake(resolve)),
  subscribe: (channel) => asked((resolve) =>
    cometd.subscribe(channel, ({ data }) => client.inbox.push(data), resolve)),
  publish: (channel, data) => asked((resolve) => cometd.publish(channel, data, resolve)),
  publishBatch(channel, list) {
    const replies = [];
    cometd.batch(() => list.forEach((data) => replies.push(client.publish(channel, data))));
    return Promise.all(replies);
  },
  disconnect: () => asked((resolve) => cometd.disconnect(resolve)),
  isDisconnected: () => cometd.isDisconnected(),
};
cometd.addListener('/meta/handshake', (reply) => (client.handshakes += reply.successful ? 1 : 0));
cometd.addListener('/meta/connect', (reply) => (client.connected = reply.successful));

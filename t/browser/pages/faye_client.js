// The stock Faye client in a page, as the tests use it; the script before this one is Faye's.

// A browser that has been here has its cookie. On a first visit Faye opens its WebSocket while it still
// has none, and handshakes once more when the server does not let that one go on with the session (S4).
async function beenHere() {
  const send = (message) => fetch('/bayeux', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify([message]),
  });
  const handshake = { channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] };
  const [{ clientId }] = await (await send(handshake)).json();
  await send({ channel: '/meta/disconnect', clientId });
}

window.begin = async (url, disabled) => {
  await beenHere();
  const faye = new Faye.Client(url, { timeout: 10, retry: 0.2 });
  disabled.forEach((transport) => faye.disable(transport));
  const client = {
    inbox: [],
    handshakes: 0,
    connectionTypes: new Set(),
    types: () => [...client.connectionTypes],
    subscribe: (channel) => faye.subscribe(channel, (data) => client.inbox.push(data)).then(() => true),
    publish: (channel, data) => faye.publish(channel, data).then(() => true),
    disconnect: () => faye.disconnect().then(() => true),
  };
  faye.addExtension({
    incoming(message, next) {
      client.handshakes += message.channel === '/meta/handshake' && message.successful ? 1 : 0;
      next(message);
    },
    outgoing(message, next) {
      if (message.channel === '/meta/connect') {
        client.connectionTypes.add(message.connectionType);
      }
      next(message);
    },
  });
  window.client = client;
};

// A network between a client and the server that a test can cut: a TCP proxy on a port of its own.

import net from 'node:net';

export class CuttableProxy {
  #server;
  #sockets = new Set();
  #down = false;
  #target;

  constructor(targetPort) {
    this.#target = targetPort;
    this.#server = net.createServer((near) => this.#join(near));
  }

  // Starts to listen; the port.
  open() {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve(this.#server.address().port));
    });
  }

  #join(near) {
    if (this.#down) {
      near.destroy();
      return;
    }
    const far = net.connect(this.#target, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]]) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  get connections() {
    return this.#sockets.size / 2;
  }

  // Breaks each connection, in the middle of whatever is sent. New ones are made at once.
  cut() {
    this.#sockets.forEach((socket) => socket.resetAndDestroy());
  }

  // The cable is pulled: broken, and nothing new comes through until up().
  down() {
    this.#down = true;
    this.cut();
  }

  up() {
    this.#down = false;
  }
}

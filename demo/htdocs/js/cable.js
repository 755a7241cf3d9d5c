// A network cable that can be pulled. While it is out, what this page had open is dead and nothing
// new gets through. As with a real cable the server is not told: it goes on writing to where
// nobody listens, and only the ack extension knows what has to be said again.
//
// Import this before any connection is made: it takes the place of the browser's own classes.

const { WebSocket: RealSocket, XMLHttpRequest: RealRequest, fetch: realFetch } = window;
const open = new Set();
const deaf = new Set();
let out = false;

class CabledSocket {
  #real = null;
  onopen = null;
  onclose = null;
  onerror = null;
  onmessage = null;

  constructor(...args) {
    if (out) {
      setTimeout(() => this.cut());
      return;
    }
    this.#real = new RealSocket(...args);
    open.add(this);
    for (const name of ['onopen', 'onclose', 'onerror', 'onmessage']) {
      this.#real[name] = (event) => open.has(this) && this[name]?.(event);
    }
    this.#real.addEventListener('close', () => open.delete(this));
  }

  send(text) {
    if (open.has(this)) {
      this.#real.send(text);
    }
  }

  close(...args) {
    this.#real?.close(...args);
  }

  cut() {
    this.onclose?.({ code: 1006, reason: 'the cable is out' });
  }
}

class CabledRequest extends RealRequest {
  send(body) {
    if (out) {
      setTimeout(() => this.cut());
      return;
    }
    open.add(this);
    this.addEventListener('loadend', () => open.delete(this));
    super.send(body);
  }

  close() {
    this.abort();
  }

  cut() {
    const failed = this.onerror;
    this.onload = this.onerror = this.onabort = null;
    failed?.call(this);
  }
}

window.WebSocket = CabledSocket;
window.XMLHttpRequest = CabledRequest;
window.fetch = (...args) =>
  (out ? Promise.reject(new TypeError('the cable is out')) : realFetch.apply(window, args));

export const isOut = () => out;

export function pull() {
  out = true;
  for (const connection of open) {
    open.delete(connection);
    deaf.add(connection);
    connection.cut();
  }
}

export function plugIn() {
  out = false;
  deaf.forEach((connection) => connection.close());
  deaf.clear();
}

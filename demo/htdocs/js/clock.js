// The server's time, the same on every screen: each reply of the server to a meta message tells
// how far this clock is from its own, and how long messages travel.

import { TimeSyncExtension } from '/cometd/cometd.js';
import { byId } from './dom.js';

const kSecond = 1000;
const kSoon = 100;

// Until the first sample there is no time to show.
class TimeSync extends TimeSyncExtension {
  synced = false;

  incoming(message) {
    this.synced ||= message.ext?.timesync !== undefined;
    return super.incoming(message);
  }
}

export class Clock {
  extension = new TimeSync();

  constructor() {
    this.#tick();
  }

  // Milliseconds since 1970 by the server's clock, as well as this page knows it.
  now = () => this.extension.getServerTime();

  #tick() {
    this.#draw();
    const untilNext = kSecond - (this.now() % kSecond);
    setTimeout(() => this.#tick(), this.extension.synced ? untilNext : kSoon);
  }

  #draw() {
    if (!this.extension.synced) {
      return;
    }
    const now = new Date(this.now());
    const offset = this.extension.getTimeOffset();
    byId('clock').textContent = now.toLocaleTimeString([], { hour12: false });
    byId('clock').dateTime = now.toISOString();
    byId('clock-offset').textContent = `${offset > 0 ? '+' : ''}${offset} ms`.replace('-', '−');
    byId('clock-lag').textContent = `${this.extension.getNetworkLag()} ms`;
  }
}

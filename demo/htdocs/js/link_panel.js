// The panel of the connection: its state, the switch between transports, the cable.

import { byId } from './dom.js';

const kOutFor = 10;
const kSecond = 1000;

function drawState(state, detail, transport) {
  byId('status').dataset.state = state;
  byId('status-state').textContent = state;
  byId('status-transport').textContent = [transport, detail].filter(Boolean).join(', ');
}

function report(text) {
  byId('cable-report').textContent = text;
}

const messages = (count) => (count === 1 ? '1 message' : `${count} messages`);

export class LinkPanel {
  #link = null;
  #onCable;
  #buttons = [...document.querySelectorAll('[data-transport]')];
  #pulledAt = 0;
  #countdown = null;

  // What the link reports.
  events = {
    onState: (...state) => this.#changed(...state),
    onReplayed: (count) => this.#replayed(count),
  };

  // onCable(out) tells the page of its cable.
  constructor(onCable = () => {}) {
    this.#onCable = onCable;
  }

  attach(link) {
    this.#link = link;
    for (const button of this.#buttons) {
      button.addEventListener('click', () => this.#use(button));
    }
    byId('cable').addEventListener('click', () => (this.#countdown ? this.#plugIn() : this.#pull()));
    this.drawTransports();
  }

  drawTransports(used) {
    for (const button of this.#buttons) {
      const { transport } = button.dataset;
      button.disabled = !this.#link.transports.includes(transport);
      button.setAttribute('aria-pressed', String(transport === used));
    }
    byId('transport-note').hidden = !this.#link.member;
  }

  #use(button) {
    if (button.getAttribute('aria-pressed') === 'false') {
      this.#link.use(button.dataset.transport);
    }
  }

  #changed(state, detail, transport) {
    drawState(state, detail, transport);
    this.drawTransports(transport);
  }

  #pull() {
    this.#pulledAt = Date.now();
    this.#link.pullCable();
    this.#onCable(true);
    report('Nothing gets through. Let somebody write meanwhile.');
    this.#count(kOutFor);
  }

  #count(left) {
    byId('cable').textContent = `Plug it in (${left})`;
    this.#countdown = setTimeout(() => (left > 1 ? this.#count(left - 1) : this.#plugIn()), kSecond);
  }

  #plugIn() {
    clearTimeout(this.#countdown);
    this.#countdown = null;
    byId('cable').textContent = 'Pull the cable';
    report('Back in: connecting.');
    this.#onCable(false);
    this.#link.plugIn();
  }

  #replayed(count) {
    const seconds = Math.round((Date.now() - this.#pulledAt) / kSecond);
    report(`Back after ${seconds} s: ${messages(count)} replayed${count > 1 ? ', in order' : ''}.`);
  }
}

// What one subscriber got, and what must be true of it: each message exactly once, and those of one
// publisher in the order in which it sent them.

import { check, equal } from './tap.mjs';

export class Inbox {
  #messages = [];

  take(data) {
    this.#messages.push(data);
  }

  get size() {
    return this.#messages.length;
  }

  countFrom(publishers) {
    return this.#messages.filter(({ from }) => publishers.includes(from)).length;
  }

  has(publisher) {
    return this.#messages.some(({ from }) => from === publisher);
  }

  clear() {
    this.#messages = [];
  }

  #numbersOf(publisher) {
    return this.#messages.filter(({ from }) => from === publisher).map(({ n }) => n);
  }

  checkEachOnce(publishers, count, who) {
    for (const publisher of publishers) {
      const sorted = this.#numbersOf(publisher).sort((a, b) => a - b);
      equal(sorted, [...Array(count).keys()], `${who}: messages of ${publisher}`);
    }
  }

  checkOnly(data, who) {
    equal(this.#messages, [data], `${who}: the only message`);
  }

  checkOrder(publishers, who) {
    for (const publisher of publishers) {
      const numbers = this.#numbersOf(publisher);
      const ordered = numbers.every((n, i) => i === 0 || numbers[i - 1] < n);
      check(ordered, `${who}: order of what ${publisher} sent: ${numbers.join(' ')}`);
    }
  }
}

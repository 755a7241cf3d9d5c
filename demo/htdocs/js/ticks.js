// What this page has heard of the ticker, and whether it heard all of it: ticks are numbered.

import { cleanName } from './identity.js';
import { arePrices } from './quotes.js';

const kHistory = 90;

export class Ticks {
  // The state is that of the page before a reload.
  constructor(state = {}) {
    this.history = state.history ?? [];
    this.last = state.last ?? null;
    this.count = state.count ?? 0;
    this.missed = state.missed ?? 0;
    this.repeated = state.repeated ?? 0;
  }

  // Whether it was one. The number begins anew with another publisher.
  take(data, replayed) {
    const name = cleanName(data?.name);
    if (name === '' || typeof data.key !== 'string' || !Number.isSafeInteger(data.number) ||
        !Number.isFinite(data.at) || !arePrices(data.prices)) {
      return false;
    }
    if (this.last?.key === data.key) {
      const step = data.number - this.last.number;
      this.missed += Math.max(0, step - 1);
      this.repeated += step < 1 ? 1 : 0;
    }
    this.last = { key: data.key, name, number: data.number, at: data.at };
    this.count += 1;
    this.history = [...this.history, { prices: data.prices, replayed }].slice(-kHistory);
    return true;
  }

  get prices() {
    return this.history.at(-1)?.prices;
  }
}

// Draws the board: for each symbol its price, its change since this page looks, and its way there.

import { byId, element, shape } from './dom.js';
import { kSymbols } from './quotes.js';

const kWidth = 160;
const kHeight = 32;

const money = new Intl.NumberFormat([], { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat([], { style: 'percent', minimumFractionDigits: 2, signDisplay: 'always' });

// What was replayed after the cable was out has a mark of its own.
function sparkline(history, symbol) {
  const prices = history.map((tick) => tick.prices[symbol]);
  const [low, high] = [Math.min(...prices), Math.max(...prices)];
  const points = prices.map((price, i) => [
    prices.length > 1 ? (i / (prices.length - 1)) * kWidth : kWidth,
    kHeight - 3 - ((price - low) / (high - low || 1)) * (kHeight - 6),
  ]);
  const svg = shape('svg', { viewBox: `0 0 ${kWidth} ${kHeight}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  svg.append(shape('polyline', { points: points.map((point) => point.map((n) => n.toFixed(1)).join()).join(' ') }));
  history.forEach((tick, i) => {
    if (tick.replayed) {
      const [x, y] = points[i];
      svg.append(shape('path', { class: 'replayed', d: `M${x.toFixed(1)} ${y.toFixed(1)}h0` }));
    }
  });
  return svg;
}

function row(history, symbol) {
  const price = history.at(-1).prices[symbol];
  const change = price / history[0].prices[symbol] - 1;
  const name = element('th', '', symbol);
  name.scope = 'row';
  return element('tr', change < 0 ? 'down' : 'up', name,
    element('td', 'price', money.format(price / 100)),
    element('td', 'change', percent.format(change)),
    element('td', 'way', sparkline(history, symbol)));
}

export function drawBoard(ticks) {
  byId('quiet').hidden = ticks.history.length > 0;
  byId('board').hidden = ticks.history.length === 0;
  if (ticks.history.length > 0) {
    byId('quotes').replaceChildren(...kSymbols.map((symbol) => row(ticks.history, symbol)));
  }
}

// `took` is the time from the publisher to this page, by the server's clock on both.
export function drawCounts(ticks, took) {
  byId('count').textContent = String(ticks.count);
  byId('missed').textContent = String(ticks.missed);
  byId('repeated').textContent = String(ticks.repeated);
  byId('source').textContent = ticks.last?.name ?? '';
  byId('took').textContent = `${Math.max(0, Math.round(took))} ms`;
}

export function drawPublish({ member, publishing, other, refusal }) {
  const button = byId('publish');
  if (publishing) {
    button.textContent = 'Stop publishing';
  } else if (other) {
    button.textContent = `${other} publishes`;
  } else {
    button.textContent = member ? 'Publish every second' : 'Log in to publish';
  }
  button.disabled = Boolean(other) && !publishing;
  byId('refusal').textContent = refusal;
  byId('refusal').hidden = refusal === '';
}

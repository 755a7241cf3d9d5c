// Prices that nobody pays, in cents: what there is to broadcast.

export const kSymbols = ['FERN', 'MOSS', 'OAK', 'PINE', 'REED', 'SAGE'];

const kFirst = [4210, 1875, 9640, 3055, 720, 12480];
const kSwing = 0.012;

export const firstPrices = () => Object.fromEntries(kSymbols.map((symbol, i) => [symbol, kFirst[i]]));

export function nextPrices(prices) {
  return Object.fromEntries(kSymbols.map((symbol) => {
    const change = 1 + (Math.random() - 0.5) * kSwing;
    return [symbol, Math.max(1, Math.round(prices[symbol] * change))];
  }));
}

export const arePrices = (prices) => kSymbols.every((symbol) => Number.isSafeInteger(prices?.[symbol]));

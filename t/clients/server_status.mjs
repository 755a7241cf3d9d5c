// What server-status says, for tests that must know when the server has noticed something.

import { until } from './tap.mjs';

async function figures(origin) {
  const text = await (await fetch(`${origin}/server-status?auto`, { headers: { Connection: 'close' } })).text();
  return Object.fromEntries(text.split('\n').map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 1).trim()]));
}

export const connections = async (origin) => Number((await figures(origin)).BayeuxConnections);

// Waits until the server has closed so many of the connections that it had.
export function closed(origin, before, count) {
  return until(async () => (await connections(origin)) <= before - count, `${count} connections are gone`);
}

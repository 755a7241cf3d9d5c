// TAP for the tests that run in Node: test points in order, a plan at the end, a non-zero exit code
// when one failed.

import { isDeepStrictEqual } from 'node:util';

let number = 0;
let failed = 0;

export function diag(text) {
  for (const line of String(text).split('\n')) {
    console.log(`# ${line}`);
  }
}

function report(passed, name) {
  number += 1;
  failed += passed ? 0 : 1;
  console.log(`${passed ? 'ok' : 'not ok'} ${number} - ${name}`);
}

export async function point(name, step) {
  try {
    await step();
    report(true, name);
    return true;
  } catch (error) {
    report(false, name);
    diag(error instanceof Failure ? error.message : error.stack);
    return false;
  }
}

export class Failure extends Error {}

export function check(condition, text) {
  if (!condition) {
    throw new Failure(text);
  }
}

export function equal(actual, expected, what) {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Failure(`${what}\n     is: ${JSON.stringify(actual)}\n should: ${JSON.stringify(expected)}`);
  }
}

// Polls until the condition holds; fails with what it waited for.
export async function until(condition, what, timeout = 20000) {
  const deadline = Date.now() + timeout * (process.env.BAYEUX_SANITIZE ? 4 : 1);
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    if (Date.now() > deadline) {
      throw new Failure(`waited in vain: ${typeof what === 'function' ? what() : what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function inTime(promise, what, timeout = 20000) {
  let timer;
  const limit = timeout * (process.env.BAYEUX_SANITIZE ? 4 : 1);
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Failure(`no answer in ${limit} ms: ${what}`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Exits at once: a client that still polls must not keep the test alive.
export function done() {
  console.log(`1..${number}`);
  process.exit(failed === 0 ? 0 : 1);
}

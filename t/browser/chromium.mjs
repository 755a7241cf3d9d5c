// Debian's Chromium, or another, without a screen.

import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';

const kArguments = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

function binary() {
  const found = process.env.BAYEUX_CHROMIUM ??
    execFileSync('sh', ['-c', 'command -v chromium || command -v google-chrome || true']).toString().trim();
  if (found === '') {
    throw new Error('no chromium: apt-get install chromium, or name it in BAYEUX_CHROMIUM');
  }
  return found;
}

export const launch = () => chromium.launch({ executablePath: binary(), headless: true, args: kArguments });

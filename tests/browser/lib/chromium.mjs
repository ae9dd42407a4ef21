// Finds the browser and starts it.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function find() {
  if (process.env.SHIRYAN_BROWSER) return process.env.SHIRYAN_BROWSER;
  for (const name of NAMES) {
    for (const dir of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(dir, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error(`no browser: looked for ${NAMES.join(', ')}; SHIRYAN_BROWSER may name another`);
}

/** A headless browser. It runs as root too, and sees the machine under test alone. */
export function launch() {
  return puppeteer.launch({
    executablePath: find(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  });
}

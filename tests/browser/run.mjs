// Shiryan's pages in a real browser: `node tests/browser/run.mjs path/to/shiryan [what…]`.
//
// Serves a small demo of its own and looks at it in both languages. `what` names parts: journeys, keyboard, tour;
// all of them without. Pictures go to target/browser.

import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launch } from './lib/chromium.mjs';
import { Report } from './lib/report.mjs';
import { startDemo } from './lib/service.mjs';
import { JOURNEYS } from './journeys.mjs';
import { keyboard } from './keyboard.mjs';
import { PAGES, tour } from './tour.mjs';

const LANGUAGES = ['ar', 'en'];
/** Two at a time: as many as a small machine has cores. */
const AT_ONCE = 2;

/** Does all of `tasks`, each `[name, work]`; one that breaks is a fault and stops no other. */
async function all(report, tasks) {
  const left = [...tasks];
  const work = async () => {
    for (let task = left.shift(); task; task = left.shift()) {
      const [name, act] = task;
      const from = Date.now();
      await act().catch((error) => report.fault(name, 'it broke off', error.message));
      console.log(`${name}: ${((Date.now() - from) / 1000).toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function main([binary, ...parts]) {
  if (!binary) {
    console.error('usage: node tests/browser/run.mjs path/to/shiryan [journeys|keyboard|tour]');
    return 2;
  }
  const wanted = (part) => parts.length === 0 || parts.includes(part);
  const started = Date.now();
  const report = new Report();
  const pictures = fileURLToPath(new URL('../../target/browser', import.meta.url));
  if (parts.length === 0) await rm(pictures, { recursive: true, force: true });
  const service = await startDemo(binary);
  console.log(`the demo is ready: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const browser = await launch();
  const house = { base: service.base, browser, report, pictures, named: new Set() };
  try {
    for (const language of LANGUAGES) {
      // A person's language is the account's: one after the other.
      if (wanted('journeys')) {
        await all(report, JOURNEYS.map(([name, act]) => [`${name} ${language}`, () => act(house, language)]));
      }
      if (wanted('keyboard')) {
        await all(report, [[`the keyboard alone ${language}`, () => keyboard(house, language)]]);
      }
      if (wanted('tour')) {
        const roles = Object.keys(PAGES);
        await all(report, roles.map((role) => [`tour of ${role} ${language}`, () => tour(house, role, language)]));
      }
    }
  } finally {
    await browser.close();
    await service.stop();
  }
  report.print(Math.round((Date.now() - started) / 1000));
  return report.faults.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

// The binary under test, serving a small world of its own in a directory that is gone afterwards.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Small, so that it is there in seconds. */
const WORLD = ['--donors', '8000', '--days', '150'];
const READY_WITHIN_MS = 240_000;

export const PASSWORD = 'shiryan-demo';

function freePort() {
  return new Promise((give, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => give(port));
    });
  });
}

/** Starts `binary demo`; `{ base, stop }` once it is ready. */
export async function startDemo(binary, world = WORLD) {
  const dir = await mkdtemp(join(tmpdir(), 'shiryan-browser-'));
  const base = `http://127.0.0.1:${await freePort()}`;
  const log = join(dir, 'log');
  const out = openSync(log, 'a');
  const child = spawn(resolve(binary), ['demo', ...world, '--listen', base.slice('http://'.length)], {
    env: { ...process.env, SHIRYAN_DATA_DIR: join(dir, 'data'), SHIRYAN__SERVER__ORIGIN: base, SHIRYAN__METRICS__LISTEN: '' },
    stdio: ['ignore', out, out],
  });
  let ended = false;
  const end = new Promise((done) => {
    const over = () => {
      ended = true;
      done();
    };
    child.once('exit', over);
    child.once('error', over);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await Promise.race([end, sleep(5_000)]);
    child.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  };

  const until = Date.now() + READY_WITHIN_MS;
  while (!ended && Date.now() < until) {
    const answer = await fetch(`${base}/readyz`).catch(() => null);
    if (answer?.ok) return { base, stop };
    await sleep(200);
  }
  const said = await readFile(log, 'utf8').catch(() => '');
  await stop();
  throw new Error(`the demo was not ready:\n${said.slice(-2_000)}`);
}

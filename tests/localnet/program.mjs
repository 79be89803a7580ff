// Runs the core's example programs as a person at a terminal would.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CARGO_TARGET } from '../setup/index.mjs';
import { ADDRESS_DOMAIN } from './chain.mjs';
import { startProcess } from './process.mjs';

/** Where an example is. */
const program = (name) => {
  const path = join(CARGO_TARGET, 'debug', 'examples', name);
  if (!existsSync(path)) throw new Error(`${path} is missing: run "cargo build -p dm3-core --examples" first`);
  return path;
};

/** Starts an example that runs until it is stopped; resolves after it has printed its first line. */
export async function startExample(name, args, env = {}) {
  let ready;
  const first = new Promise((resolve) => {
    ready = resolve;
  });
  const running = startProcess(program(name), args, { env: { ...process.env, ...env }, onLine: ready });
  running.exited.then((code) => ready(`${name} ended with ${code}`));
  return { ...running, line: await first };
}

/** What an example prints; rejects with what it says on standard error if it fails. */
export async function runExample(name, args, env = {}) {
  const run = promisify(execFile)(program(name), args, { env: { ...process.env, ...env }, timeout: 120_000 });
  const { stdout } = await run.catch(({ message, stderr }) => {
    throw new Error(stderr || message);
  });
  return stdout;
}

/** Prints the profile of a name or an address in the local network. */
export function printProfile(net, name, ...options) {
  const network = ['--registry', net.registry, '--address-domain', ADDRESS_DOMAIN];
  return runExample('print_profile', [net.rpcUrl, name, ...network, ...options]);
}

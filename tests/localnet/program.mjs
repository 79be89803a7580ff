// Runs the core's example programs as a person at a terminal would.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

/**
 * Starts an example that is told what to do line by line; resolves after it has printed its first line. `ask` writes one, and
 * gives the line that is printed then.
 */
export async function talkToExample(name, args, env = {}) {
  const child = spawn(program(name), args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} has ended`);
    return value;
  };
  const stop = async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
  const line = await next();
  const ask = (said) => {
    child.stdin.write(`${said}\n`);
    return next();
  };
  return { line, ask, stop };
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

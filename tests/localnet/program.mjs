// Runs the core's example programs as a person at a terminal would.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CARGO_TARGET } from '../setup/index.mjs';
import { ADDRESS_DOMAIN } from './chain.mjs';

/** What an example prints; rejects with what it says on standard error if it fails. */
export async function runExample(name, args, env = {}) {
  const program = join(CARGO_TARGET, 'debug', 'examples', name);
  if (!existsSync(program)) throw new Error(`${program} is missing: run "cargo build -p dm3-core --examples" first`);
  const run = promisify(execFile)(program, args, { env: { ...process.env, ...env }, timeout: 120_000 });
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

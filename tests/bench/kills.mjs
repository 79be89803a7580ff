// A hundred kills of the node under load, on SQLite and on Postgres: what was answered must be there, once.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export async function run() {
  const { status } = spawnSync('cargo', ['test', '-p', 'dm3-node', '--test', 'kill', '--', '--nocapture', '--test-threads=1'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, DM3_KILLS: process.env.DM3_KILLS ?? '100' },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('something was lost, or stored twice');
}

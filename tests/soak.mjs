// npm run soak: the long forms of node/tests/soak, with the release program.
//
//   npm run soak                              an hour each: mishaps, floods, growth; all at the same time
//   npm run soak -- flood --seconds 600       one of them, as long as it is said

import { spawnSync } from 'node:child_process';
import { ROOT, setup } from './setup/index.mjs';

const args = process.argv.slice(2);
const at = args.indexOf('--seconds');
const seconds = at < 0 ? '3600' : args[at + 1];
const names = args.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
if (!/^\d+$/.test(seconds ?? '') || names.some((name) => name.startsWith('--'))) {
  console.error('usage: npm run soak -- [storm] [flood] [growth] [--seconds 3600]');
  process.exit(1);
}

setup('test');
const { status } = spawnSync(
  'cargo',
  ['test', '--release', '-p', 'dm3-node', '--test', 'soak', '--', '--include-ignored', '--nocapture', ...names],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, DM3_SOAK_SECONDS: seconds } },
);
process.exit(status ?? 1);

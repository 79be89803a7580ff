// npm run simulate: many people, devices, tabs and nodes in seeded, faulty worlds (docs/simulation.md), a process for each
// core.
//
//   npm run simulate                                   100,000 messages
//   npm run simulate -- --messages 1000000 --seed 5    so many, in worlds with the seeds from 5 on
//   npm run simulate -- --messages 1000 --seed 7       one world, such as one that failed; --trace tells what happens
//                                                      there, --only-until STEP stops there, --without KIND,KIND leaves
//                                                      kinds of trouble out
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT, setup } from './setup/index.mjs';

/** As many messages are said in one world. */
const WORLD = 1_000;
/** Processes take their seeds from ranges so far apart. */
const APART = 1_000_000;

const args = process.argv.slice(2);
const value = (name, fallback) => {
  const at = args.indexOf(name);
  return at < 0 ? fallback : args.splice(at, 2)[1];
};
const messages = Number(value('--messages', '100000'));
const seed = Number(value('--seed', '1'));
if (!Number.isSafeInteger(messages) || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run simulate -- [--messages N] [--seed S] [--without KIND,KIND] [--trace] [--only-until STEP]');
  process.exit(1);
}

setup('build');
const built = spawnSync('cargo', ['build', '--profile', 'simulation', '-p', 'dm3-simulation'], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(1);

const program = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'simulation', 'simulate');
const processes = messages <= WORLD ? 1 : Math.min(availableParallelism(), Math.ceil(messages / WORLD));
const each = Math.ceil(messages / processes);
const ends = await Promise.all(
  Array.from({ length: processes }, (_, number) => {
    const own = ['--messages', `${each}`, '--seed', `${seed + number * APART}`];
    const child = spawn(program, [...own, ...args], { stdio: 'inherit' });
    return new Promise((resolve) => {
      child.on('close', (status) => resolve(status));
      child.on('error', (error) => resolve(console.error(error.message)));
    });
  }),
);
process.exit(ends.every((status) => status === 0) ? 0 : 1);

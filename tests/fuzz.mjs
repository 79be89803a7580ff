// npm run fuzz: runs every fuzz target of core/fuzz for a while and prints a line for each.
//
//   npm run fuzz                          60 seconds each
//   npm run fuzz -- <target> [<seconds>]  only this one ("all" for all)
//
// New inputs go to target/fuzz, not to the committed corpora; an input that crashes a target is kept in
// core/fuzz/artifacts, belongs into core/fuzz/corpus once it is understood, and fails the command.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, setup } from './setup/index.mjs';

const FUZZ = join(ROOT, 'core/fuzz');
const found = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'fuzz');
/** Longer inputs are what bounds are for; tests/bounds.rs has them. */
const MAX_LENGTH = 16_384;

// Coverage instrumentation hides behind -Z flags, which the pinned stable compiler takes only when it is told to be
// lenient: for this command alone. Without a sanitizer nothing else is needed of a nightly one; the core has no
// unsafe code whose memory errors a sanitizer could find.
const env = { ...process.env, RUSTC_BOOTSTRAP: '1', CARGO_TARGET_DIR: found };

const targets = readdirSync(join(FUZZ, 'fuzz_targets'))
  .map((file) => file.replace(/\.rs$/, ''))
  .sort();
const [wanted = 'all', duration = '60'] = process.argv.slice(2);
const chosen = targets.filter((target) => wanted === 'all' || target === wanted);
if (chosen.length === 0 || !/^\d+$/.test(duration)) {
  console.error(`usage: npm run fuzz -- [<target> [<seconds>]]   There are: all, ${targets.join(', ')}`);
  process.exit(1);
}

setup('fuzz');
const installed = spawnSync('cargo', ['fuzz', '--version'], { stdio: 'ignore' }).status === 0;
if (!installed && !succeeds('cargo', ['install', 'cargo-fuzz', '--locked'])) process.exit(1);
if (!succeeds('cargo', ['fuzz', 'build', '--fuzz-dir', FUZZ, '--sanitizer', 'none'])) process.exit(1);

const failed = [];
const width = Math.max(...targets.map((target) => target.length));
console.log(`\n${'target'.padEnd(width)}  ${'runs'.padStart(12)}  ${'coverage'.padStart(8)}  crashes`);
for (const target of chosen) {
  const fresh = join(found, 'corpus', target);
  mkdirSync(fresh, { recursive: true });
  const args = ['fuzz', 'run', '--fuzz-dir', FUZZ, '--sanitizer', 'none', target, fresh, join(FUZZ, 'corpus', target)];
  const limits = [`-max_total_time=${duration}`, `-max_len=${MAX_LENGTH}`, '-timeout=10', '-print_final_stats=1'];
  const { status, stderr } = spawnSync('cargo', [...args, '--', ...limits], {
    ...{ cwd: ROOT, env, encoding: 'utf8', maxBuffer: 2 ** 28 },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const runs = stderr.match(/stat::number_of_executed_units:\s*(\d+)/)?.[1] ?? '?';
  const coverage = [...stderr.matchAll(/ cov: (\d+)/g)].at(-1)?.[1] ?? '?';
  console.log(`${target.padEnd(width)}  ${runs.padStart(12)}  ${coverage.padStart(8)}  ${status === 0 ? 'none' : 'FOUND'}`);
  if (status === 0) continue;
  failed.push(target);
  console.error(stderr.split('\n').slice(-40).join('\n'));
}
if (failed.length > 0) {
  console.error(`\nfuzz: look into core/fuzz/artifacts for the inputs of ${failed.join(', ')}`);
  process.exit(1);
}

function succeeds(program, args) {
  return spawnSync(program, args, { cwd: ROOT, env, stdio: 'inherit' }).status === 0;
}

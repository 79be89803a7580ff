// npm run fuzz: runs every fuzz target of core/fuzz for a while and ends with a table of what they did.
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
/** Seconds in which one input must be read: far more than any needs, on a busy machine too. */
const TIMEOUT = 25;

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

setup('build');
const installed = spawnSync('cargo', ['fuzz', '--version'], { stdio: 'ignore' }).status === 0;
if (!installed && !succeeds('cargo', ['install', 'cargo-fuzz', '--locked'])) process.exit(1);
if (!succeeds('cargo', ['fuzz', 'build', '--fuzz-dir', FUZZ, '--sanitizer', 'none'])) process.exit(1);

const [, host] = /host: (\S+)/.exec(spawnSync('rustc', ['-vV'], { cwd: ROOT, encoding: 'utf8' }).stdout);
const rows = [];
for (const [index, target] of chosen.entries()) {
  process.stdout.write(`${index + 1}/${chosen.length} ${target} … `);
  const row = fuzz(target);
  rows.push(row);
  console.log(row.found ? 'FOUND' : 'nothing found');
  if (row.found) console.error(row.log.split('\n').slice(-40).join('\n'));
}
console.log(`\n${table(rows)}`);
const failed = rows.filter((row) => row.found).map((row) => row.target);
if (failed.length > 0) {
  console.error(`\nfuzz: look into core/fuzz/artifacts for the inputs of ${failed.join(', ')}`);
  process.exit(1);
}

/** The program that was built, without cargo: a change of the sources meanwhile changes nothing. */
function fuzz(target) {
  const [fresh, artifacts] = [join(found, 'corpus', target), join(FUZZ, 'artifacts', target)];
  for (const folder of [fresh, artifacts]) mkdirSync(folder, { recursive: true });
  const limits = [`-max_total_time=${duration}`, `-max_len=${MAX_LENGTH}`, `-timeout=${TIMEOUT}`];
  const { status, stderr: log } = spawnSync(
    join(found, host, 'release', target),
    [fresh, join(FUZZ, 'corpus', target), ...limits, '-print_final_stats=1', `-artifact_prefix=${artifacts}/`],
    { cwd: FUZZ, env, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const last = (pattern) => [...log.matchAll(pattern)].at(-1)?.[1] ?? '?';
  return {
    target,
    seconds: last(/Done \d+ runs in (\d+) second/g),
    runs: last(/stat::number_of_executed_units:\s*(\d+)/g),
    coverage: last(/ cov: (\d+)/g),
    // Not even a target that could not be started, or stopped before its time, passes.
    found: status !== 0,
    log,
  };
}

function table(rows) {
  const head = { target: 'target', seconds: 'seconds', runs: 'executions', coverage: 'coverage', found: 'result' };
  const lines = [head, ...rows.map((row) => ({ ...row, found: row.found ? 'FOUND' : 'nothing found' }))];
  const width = (column) => Math.max(...lines.map((line) => line[column].length));
  const sum = rows.reduce((sum, row) => sum + (Number(row.runs) || 0), 0);
  const text = lines.map((line) =>
    [
      line.target.padEnd(width('target')),
      ...['seconds', 'runs', 'coverage'].map((column) => line[column].padStart(width(column))),
      line.found,
    ].join('  '),
  );
  return `${text.join('\n')}\n${rows.length} targets, ${sum} executions`;
}

function succeeds(program, args) {
  return spawnSync(program, args, { cwd: ROOT, env, stdio: 'inherit' }).status === 0;
}

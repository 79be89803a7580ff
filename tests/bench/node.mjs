// How fast the node is, on SQLite and on Postgres: the release build, measured by node/benches/node, as tables and
// as plots over load.
//
//   npm run bench -- node                 all of it (about five minutes after the build)
//   BENCH_NODE="load push" npm run …      parts: load, push, stored, hostile, million; `sqlite` leaves Postgres out
//   npm run bench -- node --beside FILE   with another program, as the build before, measured in turns in the same run

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUTPUT = fileURLToPath(new URL('output', import.meta.url));
const BARS = { submissions: 3000, p99: 10, memory: 100, hostile: 100, hostileMemory: 200, cryptography: 0.8 };

function measure(words) {
  return new Promise((resolve, reject) => {
    const child = spawn('cargo', ['bench', '-p', 'dm3-node', '--bench', 'node', '--', ...words], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code !== 0) return reject(new Error(`the measurement ended with ${code}`));
      resolve(JSON.parse(text.trim().split('\n').pop()));
    });
  });
}

const ms = (number) => `${number < 10 ? number.toFixed(1) : Math.round(number)} ms`;
const times = (one, other) => (other ? `${(one / other).toFixed(2)}×` : '');
const verdict = (met, bar) => `${met ? 'met' : 'MISSED'} (${bar})`;

function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(all[0]), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...all.slice(1).map(line)].join('\n');
}

/** Each row's value for each engine, and the second as a ratio of the first. */
function sideBySide(title, rows, results) {
  const names = results.map(({ engine }) => engine);
  // Each with the one before it: the two engines, or each engine and what was measured beside it.
  const pairs = names.flatMap((name, index) => (index % 2 === 1 ? [[index, index - 1]] : []));
  const head = [title, ...names, ...pairs.map(([one, other]) => `${names[one]} / ${names[other]}`), 'bar'];
  return table(
    head,
    rows.map(({ name, of, show, bar = () => '' }) => {
      const values = results.map(of);
      return [name, ...values.map(show), ...pairs.map(([one, other]) => times(values[one], values[other])), bar(values)];
    }),
  );
}

function asciiPlot(results) {
  const most = Math.max(...results.flatMap(({ submissions }) => submissions.full.map(({ perSecond }) => perSecond)));
  return results
    .map(({ engine, submissions }) =>
      [
        `${engine}: submissions per second by connections`,
        ...submissions.full.map(({ connections, perSecond }) => {
          const bar = '█'.repeat(Math.round((perSecond / most) * 50));
          return `  ${String(connections).padStart(3)} ${bar} ${Math.round(perSecond)}`;
        }),
      ].join('\n'),
    )
    .join('\n');
}

function svgPlot(results) {
  const [width, height, left, bottom] = [640, 360, 60, 40];
  const points = results.flatMap(({ submissions }) => submissions.full);
  const most = Math.max(BARS.submissions, ...points.map(({ perSecond }) => perSecond)) * 1.1;
  const x = (connections) => left + (Math.log2(connections) / 6) * (width - left - 20);
  const y = (perSecond) => height - bottom - (perSecond / most) * (height - bottom - 20);
  const colours = ['#2563eb', '#d97706', '#059669', '#dc2626'];
  const lines = results.map(({ engine, submissions }, index) => {
    const path = submissions.full.map(({ connections, perSecond }) => `${x(connections)},${y(perSecond)}`).join(' ');
    const dots = submissions.full.map(
      ({ connections, perSecond, p99 }) =>
        `<circle cx="${x(connections)}" cy="${y(perSecond)}" r="4" fill="${colours[index]}"/>` +
        `<text x="${x(connections)}" y="${y(perSecond) - 8}" font-size="10">${Math.round(perSecond)}/s, p99 ${ms(p99)}</text>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colours[index]}" stroke-width="2"/>${dots.join('')}
<text x="${left + 10}" y="${30 + index * 16}" fill="${colours[index]}" font-size="13">${engine}</text>`;
  });
  const ticks = [1, 4, 16, 64].map(
    (connections) => `<text x="${x(connections)}" y="${height - 20}" font-size="11">${connections}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif">
<rect width="${width}" height="${height}" fill="#fff"/>
<line x1="${left}" x2="${width - 20}" y1="${y(BARS.submissions)}" y2="${y(BARS.submissions)}" stroke="#999" stroke-dasharray="4"/>
<text x="5" y="${y(BARS.submissions)}" font-size="11">${BARS.submissions}/s</text>
${lines.join('\n')}${ticks.join('')}
<text x="${width / 2}" y="${height - 5}" font-size="11">connections</text>
</svg>
`;
}

function report(results) {
  const parts = [];
  const has = (key) => results.every((result) => result[key]);
  if (has('submissions')) {
    const rows = results[0].submissions.full.flatMap(({ connections }, index) => {
      const of = (key) => (result) => result.submissions.full[index][key];
      return [
        {
          name: `submissions/s at ${connections}`,
          of: of('perSecond'),
          show: Math.round,
          bar: (values) => (connections === 16 ? verdict(values[0] > BARS.submissions, '> 3,000') : ''),
        },
        { name: `p50 at ${connections}`, of: of('p50'), show: ms },
        { name: `p99 at ${connections}`, of: of('p99'), show: ms },
      ];
    });
    const share = (index) => ({ submissions, cryptography }) => submissions.full[index].perSecond / cryptography;
    const percent = (number) => `${Math.round(number * 100)} %`;
    results[0].submissions.full.forEach(({ connections }, index) => {
      if (connections < 16) return;
      rows.push({
        name: `of what cryptography alone allows (${Math.round(results[0].cryptography)}/s), at ${connections}`,
        of: share(index),
        show: percent,
        bar: (values) => verdict(values[0] >= BARS.cryptography, '≥ 80 %'),
      });
    });
    const half = (key) => (result) => result.submissions.half[key];
    rows.push({ name: 'p50 at half of 16', of: half('p50'), show: ms });
    rows.push({
      name: 'p99 at half of 16',
      of: half('p99'),
      show: ms,
      bar: (values) => verdict(values[0] < BARS.p99, '< 10 ms'),
    });
    parts.push(sideBySide('durable submissions', rows, results));
  }
  const rows = [];
  if (has('push')) {
    for (const key of ['p50', 'p99']) {
      rows.push({ name: `submission to socket, ${key}`, of: ({ push }) => push[key], show: ms });
    }
  }
  if (has('acknowledgements')) {
    results[0].acknowledgements.forEach(({ queue }, index) => {
      const name = `acknowledging 50 among ${queue.toLocaleString('en')}, p50`;
      rows.push({ name, of: ({ acknowledgements }) => acknowledgements[index].measured.p50, show: ms });
    });
  }
  for (const key of ['stored', 'million'].filter(has)) {
    const count = results[0][key].messages.toLocaleString('en');
    const megabytes = (number) => `${Math.round(number)} MB`;
    rows.push({
      name: `memory with ${count} stored, the most`,
      of: (result) => result[key].mostMemory,
      show: megabytes,
      bar: (values) => verdict(values[0] < BARS.memory, '< 100 MB'),
    });
    rows.push({ name: 'submission p99 then, half load', of: (result) => result[key].half.p99, show: ms });
    rows.push({ name: 'page of 1,000 then', of: (result) => result[key].pageOf1000, show: ms });
  }
  if (rows.length) parts.push(sideBySide('else', rows, results));
  if (has('hostile')) {
    const bars = {
      p99: { show: ms },
      max: { show: ms, most: BARS.hostile, told: '< 100 ms' },
      memory: { show: (number) => `${Math.round(number)} MB`, most: BARS.hostileMemory, told: '< 200 MB' },
    };
    const hostile = results[0].hostile.flatMap(({ beside }, index) =>
      Object.entries(bars).map(([key, { show, most, told }]) => ({
        name: `${beside}, ${key}`,
        of: (result) => result.hostile[index][key],
        show,
        bar: (values) => (most ? verdict(values.every((value) => value < most), told) : ''),
      })),
    );
    hostile.push({
      name: 'refused or failed, of all of the good client’s',
      of: (result) => result.hostile.reduce((sum, { failed }) => sum + failed, 0),
      show: String,
      bar: (values) => verdict(values.every((value) => value === 0), 'none'),
    });
    parts.push(sideBySide('a good client beside', hostile, results));
  }
  return parts.join('\n\n');
}

/** The value of an option, as a word for the measurement. */
export function option(options, name) {
  const at = options.indexOf(`--${name}`);
  if (at < 0) return [];
  if (!options[at + 1]) throw new Error(`--${name} needs a value`);
  return [`${name}=${options[at + 1]}`];
}

export function run(options) {
  const parts = (process.env.BENCH_NODE ?? '').split(' ').filter(Boolean);
  const beside = option(options, 'beside').map((word) => `beside=${resolve(word.slice('beside='.length))}`);
  return measureAndShow([...parts, ...beside]);
}

/** Measures the parts that are named, or all, and prints the tables. */
export async function measureAndShow(words) {
  const results = await measure(words);
  await mkdir(OUTPUT, { recursive: true });
  await writeFile(join(OUTPUT, 'node.json'), JSON.stringify(results, null, 2));
  const text = report(results);
  await writeFile(join(OUTPUT, 'node.md'), `${text}\n`);
  console.log(`\n${cpus()[0].model}, ${cpus().length} cores shared with the load\n\n${text}\n`);
  if (results.every(({ submissions }) => submissions)) {
    await writeFile(join(OUTPUT, 'node.svg'), svgPlot(results));
    console.log(`${asciiPlot(results)}\n\nPlot: ${join(OUTPUT, 'node.svg')}`);
  }
}

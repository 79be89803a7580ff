// What a million accounts, and a hundred million, would take: the costs that were measured, carried on by assumptions that
// stand beside them. Writes docs/scale.md.
//
//   npm run bench -- scale           by the numbers of docs/performance.md, which are of a quiet machine
//   npm run bench -- scale --last    only shows it, by those of the last `npm run bench -- node` (output/node.json)

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/scale.md', import.meta.url));
const MEASURED_PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const LAST_RUN = fileURLToPath(new URL('output/node.json', import.meta.url));

const DAY = 86_400;
const SIZES = [10_000, 1_000_000, 100_000_000];

/** What people do, what things weigh and cost. None of it is measured; change it, and the page follows. */
const ASSUMED = {
  active: [0.2, 'of all accounts are used on a day'],
  messages: [20, 'messages are written by each of them'],
  peak: [3, 'times the mean is written in the busiest minutes'],
  sockets: [0.05, 'of all accounts have a socket open in the busiest hour'],
  devices: [1.5, 'devices are in use for each account'],
  late: [0.2, 'of the messages wait for a day; the others are fetched within seconds'],
  lost: [0.02, 'of the messages are never fetched'],
  ttl: [90, 'days is what an operator keeps those (`message_ttl_seconds`; by default it is for ever)'],
  history: [1_500, 'bytes of history are kept of a message, by each side'],
  batch: [10, 'history records are written at once'],
  abroad: [0.5, 'of the messages come from accounts of other nodes'],
  bursts: [3, 'messages of one sender come within the 30 seconds for which a node remembers who that is'],
  calls: [3, 'calls of the chain find out who a sender of elsewhere is'],
  socketBytes: [40_000, 'bytes of memory are held by an open socket'],
  machine: [20, 'USD a month for a machine like the measured one: 2 cores, 4 GB'],
  disk: [0.1, 'USD a month for a GB of disk'],
  copies: [3, 'copies of the database are kept: it, one that takes over, one to restore from'],
  traffic: [0.02, 'USD for a GB that goes out'],
  call: [1, 'USD for a million calls of a chain provider'],
};
const value = Object.fromEntries(Object.entries(ASSUMED).map(([name, [number]]) => [name, number]));

/** The numbers of a run, from its JSON. */
function ofRun(results) {
  const one = (name) => results.find(({ engine }) => engine.toLowerCase().startsWith(name));
  const of = (result) => ({
    submissions: result.submissions.full.find(({ connections }) => connections === 16).perSecond,
    acknowledged: result.acknowledgements.find(({ queue }) => queue === 1000).measured.p50 / 50,
    memory: result.stored.mostMemory,
  });
  return { sqlite: of(one('sqlite')), postgres: of(one('postgres')), from: 'the last run of `npm run bench -- node`' };
}

/** The same from the tables of the page about performance. */
function ofPage(page) {
  const row = (name) => {
    const line = page.split('\n').find((line) => line.startsWith(`| ${name} `));
    if (!line) throw new Error(`docs/performance.md has no row "${name}"`);
    const [sqlite, postgres] = line.split('|').slice(2, 4).map((cell) => Number.parseFloat(cell.replaceAll(',', '')));
    return { sqlite, postgres };
  };
  const [submissions, acknowledged, memory] = ['submissions/s at 16', 'acknowledging 50 among 1,000, p50', 'memory with 100,000 stored, the most'].map(row);
  const of = (engine) => ({ submissions: submissions[engine], acknowledged: acknowledged[engine] / 50, memory: memory[engine] });
  return { sqlite: of('sqlite'), postgres: of('postgres'), from: 'the tables of [performance.md](performance.md)' };
}

/** Bytes of disk of a message that waits: a million took 5 GB. */
const MESSAGE_BYTES = 5e9 / 1e6;

/** What one message costs a node, in seconds of its one writer: taken, acknowledged, and kept in two histories. */
const secondsOf = ({ submissions, acknowledged }) =>
  1 / submissions + acknowledged / 1000 + 2 / value.batch / submissions;

/** How many messages a second one node takes with room to spare: at half load nobody waits. */
const usable = (engine) => 0.5 / secondsOf(engine);

const peakOf = (accounts) => (accounts * value.active * value.messages * value.peak) / DAY;

/** What so many accounts take. */
function carried(accounts, measured) {
  const { sqlite } = measured;
  const daily = accounts * value.active * value.messages;
  const peak = peakOf(accounts);
  const waiting = daily * (value.late + value.lost * value.ttl);
  const history = daily * 2 * value.history * 365;
  const sockets = accounts * value.sockets * value.devices;
  const nodes = Math.max(1, Math.ceil(peak / usable(sqlite)));
  const calls = (daily * value.abroad * value.calls) / value.bursts;
  const disk = waiting * MESSAGE_BYTES + history;
  const memory = nodes * sqlite.memory * 1e6 + sockets * value.socketBytes;
  const machines = Math.max(nodes, Math.ceil(memory / 3e9));
  const out = daily * 30 * MESSAGE_BYTES * (1 + value.devices);
  const money = {
    machines: machines * value.machine,
    disk: (disk / 1e9) * value.disk * value.copies,
    traffic: (out / 1e9) * value.traffic,
    calls: ((calls * 30) / 1e6) * value.call,
  };
  const all = Object.values(money).reduce((sum, part) => sum + part, 0);
  return { accounts, daily, peak, waiting, history, disk, sockets, nodes, machines, memory, calls, money, all };
}

/** How many accounts fill each thing that one node has, the least first. */
function limits(measured) {
  const perAccount = carried(1e6, measured);
  const ofDisk = perAccount.disk / 1e6;
  return [
    ['sockets, as it is set by default (`max_connections` 4,096)', 4096 / (value.sockets * value.devices)],
    ['sockets, in 3 GB of memory', 3e9 / (value.sockets * value.devices * value.socketBytes)],
    ['a disk of 1 TB after a year of histories', 1e12 / ofDisk],
    ['the one writer of SQLite at half load', usable(measured.sqlite) / peakOf(1)],
    ['the numbering lock of Postgres at half load, however many processes', usable(measured.postgres) / peakOf(1)],
    ['chain calls, 32 at once of 100 ms', (32 / 0.1) / ((peakOf(1) * value.abroad * value.calls) / value.bursts)],
  ].sort((one, other) => one[1] - other[1]);
}

/** A source of numbers between 0 and 1 that is the same each time (mulberry32). */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** About a Poisson number: the normal one of that mean. */
function some(mean, random) {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}

/**
 * A day, minute by minute, of ten nodes that know nothing of each other and have ten times the accounts that one of them
 * holds. Everybody chooses a node for themselves and writes to anybody.
 */
function simulate(measured, shares) {
  const random = chance(7);
  const accounts = 10 * Math.floor(usable(measured.sqlite) / peakOf(1));
  const mean = (accounts * value.active * value.messages) / (DAY / 60);
  const most = shares.map(() => 0);
  let [written, abroad] = [0, 0];
  for (let minute = 0; minute < DAY / 60; minute += 1) {
    // From nothing at night to twice the mean; what is beyond that is the peak of a minute.
    const tide = 1 - Math.cos((2 * Math.PI * minute) / (DAY / 60));
    const rush = random() < 0.01 ? value.peak / 2 : 1;
    shares.forEach((share, node) => {
      // A message is stored where its receiver is.
      const messages = some(mean * tide * rush * share, random);
      most[node] = Math.max(most[node], messages / 60);
      written += messages;
      abroad += messages * (1 - share);
    });
  }
  const load = most.map((rate) => rate / (2 * usable(measured.sqlite)));
  return { accounts, most, load, abroad: abroad / written };
}

const EVEN = Array(10).fill(0.1);
/** The second node has half of the first, the third a third, as it is with mail. */
const UNEVEN = (() => {
  const parts = EVEN.map((_, node) => 1 / (node + 1));
  const all = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / all);
})();

const count = (number) => {
  const digits = number >= 100 ? 10 ** (Math.floor(Math.log10(number)) - 2) : number >= 10 ? 1 : 0.1;
  return (Math.round(number / digits) * digits).toLocaleString('en', { maximumFractionDigits: number >= 10 ? 0 : 1 });
};
const bytes = (number) => {
  const [unit, size] = [['TB', 1e12], ['GB', 1e9], ['MB', 1e6]].find(([, size]) => number >= size) ?? ['KB', 1e3];
  return `${count(number / size)} ${unit}`;
};
const money = (number) => `${count(number)} USD`;
const percent = (number) => `${Math.round(number * 100)} %`;

function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** The page. */
function page(measured) {
  const sizes = SIZES.map((accounts) => carried(accounts, measured));
  const row = (name, of) => [name, ...sizes.map(of)];
  const even = simulate(measured, EVEN);
  const uneven = simulate(measured, UNEVEN);
  const days = [
    ['each has a tenth', even],
    ['as it is with mail: the second has half of the first …', uneven],
  ];
  return `<!-- Made by \`npm run bench -- scale\` (tests/bench/scale.mjs): change that. -->
# Scale on paper

What was measured on one small machine, carried on to many accounts. **None of the large numbers was tried**: they say what
would be the first to break, not that the rest works. Measured are, from ${measured.from}: ${count(measured.sqlite.submissions)} durable
submissions a second with SQLite and ${count(measured.postgres.submissions)} with Postgres at 16 connections, ${measured.sqlite.acknowledged.toFixed(2)} ms for each acknowledged
message, ${Math.round(measured.sqlite.memory)} MB of memory, and ${count(MESSAGE_BYTES)} bytes of disk for a message that waits. All else is assumed:

${table(['assumed', ''], Object.values(ASSUMED).map(([number, words]) => [number.toLocaleString('en'), words]))}

A message costs a node ${(secondsOf(measured.sqlite) * 1000).toFixed(2)} ms of its one writer: it is taken, acknowledged, and written into two histories (as if a batch of
records cost what a submission does, which was not measured). Half of what the writer can do is used, since then nobody waits: ${count(usable(measured.sqlite))}
messages a second.

## What it takes

${table(
  ['accounts', ...sizes.map(({ accounts }) => accounts.toLocaleString('en'))],
  [
    row('messages a day', ({ daily }) => count(daily)),
    row('messages a second in the busiest minutes', ({ peak }) => count(peak)),
    row('open sockets', ({ sockets }) => count(sockets)),
    row('messages that wait', ({ waiting }) => count(waiting)),
    row('disk: what waits', ({ waiting }) => bytes(waiting * MESSAGE_BYTES)),
    row('disk: a year of histories', ({ history }) => bytes(history)),
    row('calls of the chain a day', ({ calls }) => count(calls)),
    row('nodes, by what their writers do', ({ nodes }) => count(nodes)),
    row('machines, by their memory too', ({ machines }) => count(machines)),
    row('a month: machines', ({ money: { machines } }) => money(machines)),
    row('a month: disk, after a year', ({ money: { disk } }) => money(disk)),
    row('a month: traffic', ({ money: { traffic } }) => money(traffic)),
    row('a month: chain calls', ({ money: { calls } }) => money(calls)),
    row('a month: all', ({ all }) => money(all)),
    row('a month and account', ({ all, accounts }) => `${((100 * all) / accounts).toFixed(2)} cents`),
  ],
)}

## What breaks first

How many accounts one node has when each thing is used up, the first to break first:

${table(['used up', 'accounts'], limits(measured).map(([name, accounts]) => [name, count(accounts)]))}

The first is a number in a file (and \`max_connections_kept_free\` with it). Memory for sockets is shared by more processes
on one Postgres. The writer is not: several processes on one Postgres give their numbers under one lock, so they share what one can do, and
beyond it accounts go to another database, which is another node. Chain calls are what grows with the *other* nodes: who writes from
elsewhere is looked up anew after 30 seconds, \`rpc_calls_per_day\` bounds it, and a longer memory would be the first thing to build.
What is kept for ever decides the price, not what is done.

## Accounts on nodes that know nothing of each other

Nothing is spread: an account is where its owner published it. The profile on the chain names the delivery service, a sender finds
the node by that, and no node has a list of others or of accounts elsewhere. So nodes are added by opening another one – with a name, a seed and a
database of its own – and letting new accounts go there (\`registration\`, [node-limits.md](node-limits.md)). An account moves when its owner signs a profile with
another delivery service; what still waits at the old one is fetched for 30 days more. What this leaves to operators: names
(\`user_domain\`) belong to one node, and who moves takes another one.

**One step, simulated**: ten times the accounts that one node holds by its writer, ${count(even.accounts)}, on ten nodes; a day of 1,440 minutes with a tide and
rushes; everybody writes to anybody, and a message is stored where its receiver is.

${table(
  ['how people choose', 'busiest node', 'its load then', 'least busy', 'from other nodes', 'nodes above half'],
  days.map(([name, { most, load, abroad }]) => [
    name,
    `${count(Math.max(...most))}/s`,
    percent(Math.max(...load)),
    `${count(Math.min(...most))}/s`,
    percent(abroad),
    String(load.filter((one) => one > 0.5).length),
  ]),
)}

A load above 100 % is a node that can't be what its owner's users made of it. So size alone is no answer: \`registration = "invitation"\` or \`"closed"\` has to turn people to
the next node before half is used, and \`/.well-known/dm3\` tells clients so.
`;
}

/** The page by what docs/performance.md says was measured. */
export const fromPage = () => page(ofPage(readFileSync(MEASURED_PAGE, 'utf8')));

export async function run(options) {
  if (options.includes('--last')) {
    console.log(page(ofRun(JSON.parse(readFileSync(LAST_RUN, 'utf8')))));
    return;
  }
  writeFileSync(PAGE, fromPage());
  console.log(`${PAGE} is written`);
}

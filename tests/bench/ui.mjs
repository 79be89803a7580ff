// A long conversation on the screen: 10,000 messages beside 100, in one Chromium, with the built element, the local network
// and its node; and other chat components from npm that are given as many.
//
//   npm run bench -- ui
//   npm run bench -- ui --alone     without the other components
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { Wallet } from 'ethers';
import { Dm3Client, aliasOf } from '../e2e/client.mjs';
import { openWorld } from '../e2e/support.mjs';
import { fill } from './lib/fill.js';
import { measurePeers } from './lib/peers.mjs';
import { machine, report } from './lib/report.mjs';

const MARK = '<!-- npm run bench -- ui -->';
const STORES = [
  { label: 'bob', messages: 100 },
  { label: 'alice', messages: 10_000 },
];
const [OPENINGS, SENDINGS, LETTERS] = [5, 7, 40];
/** Pixels a frame: about a screen. */
const STEP = 600;

export async function run(options = []) {
  const world = await openWorld();
  try {
    const init = await Promise.all(['session', 'ui'].map((name) => readFile(new URL(`${name}.page.js`, import.meta.url), 'utf8')));
    const measured = [];
    for (const store of STORES) measured.push(await measure(world, init, store));
    const given = { messages: STORES[1].messages, step: STEP, letters: LETTERS, sendings: SENDINGS, heapOf };
    const peers = options.includes('--alone') ? [] : await measurePeers(world.browser, init[1], given);
    const load = loadavg().map((load) => load.toFixed(1)).join(', ');
    const day = new Date().toISOString().slice(0, 10);
    await report(MARK, `${machine(world.browser)}, ${day}; load of the machine then: ${load}.`, [table(measured, peers)]);
  } finally {
    await world.close();
  }
}

async function measure(world, init, { label, messages }) {
  const person = await world.person(label, { path: '/inline.html' });
  for (const script of init) await person.context.addInitScript(script);
  await person.signUp();
  const { address, privateKey } = Wallet.createRandom();
  const peer = new Dm3Client(world.net, { address, privateKey });
  await peer.signUp();
  await peer.send(aliasOf(person.account.address), 'The first of many.');
  await person.openRow(/The first of many/);
  await person.send('The answer.');
  await person.log.getByText(/· sent/).waitFor();
  await person.leave();
  const filling = await person.context.newPage();
  await filling.goto(`${world.url}/localnet.json`);
  const filled = await filling.evaluate(fill, { messages, first: messages - 2, peers: [] });
  await filling.close();

  const figures = { messages: filled.messages, opening: [], sending: [] };
  for (let round = 0; round <= OPENINGS; round += 1) {
    await person.arrive();
    await person.page.evaluate(() => window.bench.list(1));
    await person.page.waitForTimeout(1_000);
    const opened = await person.page.evaluate(() => window.bench.conversation(60));
    console.log(`${label}: conversation ${ms(opened)}`);
    // The first round warms up what all use.
    if (round > 0) figures.opening.push(opened);
    if (round < OPENINGS) await person.leave();
  }
  await person.page.waitForTimeout(1_000);
  const before = await heapOf(person.page);
  figures.up = await through(person.page, -STEP);
  figures.heap = (await heapOf(person.page)) - before;
  figures.typing = await person.page.evaluate((count) => window.bench.type(document.querySelector('dm3-chat').shadowRoot.querySelector('textarea'), count), LETTERS);
  figures.down = await through(person.page, STEP);
  console.log(`${label}: ${figures.up.frames.length} frames up, ${figures.down.frames.length} down`);
  for (let round = 0; round <= SENDINGS; round += 1) {
    await person.page.evaluate(() => document.querySelector('dm3-chat').shadowRoot.querySelector('.log').scrollBy(0, -6_000));
    await person.page.waitForTimeout(700);
    const { clicked, shown } = await person.page.evaluate((text) => window.bench.send(text), `Sent ${round}`);
    console.log(`${label}: sent, ${ms(shown - clicked)}`);
    if (round > 0) figures.sending.push(shown - clicked);
  }
  await person.leave();
  return figures;
}

const through = (page, step) =>
  page.evaluate((step) => {
    const root = document.querySelector('dm3-chat').shadowRoot;
    return window.bench.through(root.querySelector('.log'), root, step);
  }, step);

/** All that the page and its WASM hold after what is garbage was let go: bytes. */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize + (await page.evaluate(() => window.bench.memory?.() ?? 0));
}

const at = (numbers, share) => numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) * share)];
const median = (numbers) => at(numbers, 0.5);
const ms = (number) => (number < 10 ? `${number.toFixed(1)} ms` : `${Math.round(number)} ms`);
const bytes = (number) => `${(number / 1e6).toFixed(1)} MB`;
const share = (frames) => (100 * frames.filter((frame) => frame < 20).length) / frames.length;
const verdict = (met, bar) => `${met ? 'met' : 'MISSED'} (${bar})`;

function table([few, many], peers) {
  const names = [few, many].map(({ messages }) => messages.toLocaleString('en'));
  const row = (what, of, show, bar = () => '') => [what, ...[few, many, ...peers].map((it) => (it.failed ? '' : show(of(it)))), bar(of(many))];
  const percent = ({ frames, whole }) => `${share(frames).toFixed(1)} %${whole ? '' : ', of a part'}`;
  const smooth = ({ frames }) => verdict(share(frames) >= 99, '≥ 99 %');
  const rows = [
    row('click → drawn', ({ opening }) => median(opening), ms, (value) => verdict(value < 100, '< 100 ms')),
    row('frames under 20 ms, through all of it upwards', ({ up }) => up, percent, smooth),
    row('the slowest frame in a hundred', ({ up }) => at(up.frames, 0.99), ms),
    row('frames under 20 ms, back down', ({ up, down }) => ({ ...down, whole: up.whole && down.whole }), percent, smooth),
    row('the most elements in the page', ({ up }) => up.most, String),
    row('JavaScript and WASM grow by', ({ heap }) => heap, bytes, (value) => verdict(value < 40e6, '< 40 MB')),
    row('a letter typed → laid out (slowest in 20)', ({ typing }) => at(typing, 0.95), ms, (value) => verdict(value < 16, '< 16 ms')),
    row('sent from further up → shown', ({ sending }) => median(sending), ms, (value) => verdict(value < 50, '< 50 ms')),
  ];
  // Who did not come so far that there is something to measure says so where it would be drawn.
  for (const [i, { failed }] of peers.entries()) if (failed) rows[0][1 + names.length + i] = failed;
  return [['a conversation of', ...names, ...peers.map(({ name }) => `${name}, ${names[1]}`), 'bar'], ...rows];
}

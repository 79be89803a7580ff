// What a device costs that keeps much: 100,000 messages in 500 conversations beside 10 in 10, in one Chromium, with the
// built element, the local network and its node, both as they are released.
//
//   npm run bench -- session
//   npm run bench -- session --waiting    only what waits, on the smallest store; is written nowhere
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { Wallet } from 'ethers';
import { Dm3Client, aliasOf, resolveProfile } from '../e2e/client.mjs';
import { openWorld } from '../e2e/support.mjs';
import { ROOT } from '../setup/index.mjs';
import { fill, welcome } from './lib/fill.js';
import { machine, report } from './lib/report.mjs';

const NEEDED = [
  ['cargo', 'build', '--release', '-p', 'dm3-node'],
  [process.execPath, 'widget/build.mjs'],
];
const MARK = '<!-- npm run bench -- session -->';
const STORES = [
  { label: 'carol', messages: 11, conversations: 10, first: 0 },
  { label: 'bob', messages: 1_000, conversations: 100, first: 500 },
  { label: 'alice', messages: 100_000, conversations: 500, first: 50_000 },
];
/** How often a store is opened. */
const OPENINGS = 7;
/** How many messages each store gets for a figure. */
const ROUNDS = 9;
const WAITING = { messages: 2_000, senders: 20 };
/** More than this many times as much is growth; less is the machine's own noise. */
const SAME = 1.25;
/** How many bubbles a conversation shows at first, and rows that a list draws. */
const [PAGE, ROWS] = [80, 40];

const INLINE = '/inline.html';

export async function run(options = []) {
  for (const [program, ...words] of NEEDED) execFileSync(program, words, { cwd: ROOT, stdio: 'inherit' });
  const world = await openWorld({ release: true });
  try {
    const init = await readFile(new URL('session.page.js', import.meta.url), 'utf8');
    const devices = [];
    if (options.includes('--waiting')) return await onlyWaiting(world, init);
    for (const store of STORES) devices.push(await device(world, init, store));
    for (const one of devices) one.opening = await openings(one);
    await oneMore(devices);
    for (const one of devices) one.inbox = await inbox(world, one);
    const load = loadavg().map((load) => load.toFixed(1)).join(', ');
    const day = new Date().toISOString().slice(0, 10);
    await report(MARK, `${machine(world.browser)}, ${day}; load of the machine then: ${load}.`, tables(devices));
  } finally {
    await world.close();
  }
}

async function onlyWaiting(world, init) {
  const one = await device(world, init, STORES[0]);
  for (let round = 0; round < 2; round += 1) {
    const { listed, news, all } = await inbox(world, one);
    console.log(`list ${ms(listed)}, the first that came ${ms(news - listed)} after it, all taken in ${ms(all)}`);
  }
}

/** Somebody with a filled store, nobody else's tab, and a peer to whom the store's first conversation belongs. */
async function device(world, init, store) {
  const person = await world.person(store.label, { path: INLINE });
  await person.context.addInitScript(init);
  await person.signUp();
  const peer = await client(world);
  await peer.send(aliasOf(person.account.address), 'The first of many.');
  await person.openRow(/The first of many/);
  await person.send('The answer.');
  await person.log.getByText(/· sent/).waitFor();
  await person.leave();
  const peers = Array.from({ length: store.conversations - 1 }, () => Wallet.createRandom().address);
  const filled = await onDevice(world, person, fill, { ...store, peers });
  console.log(`${store.label}: ${filled.messages} messages in ${filled.conversations} conversations`);
  return { ...store, ...filled, person, peer };
}

/** What `act` makes of somebody's database while the element is not there. */
async function onDevice(world, person, act, value) {
  const page = await person.context.newPage();
  await page.goto(`${world.url}/localnet.json`);
  const made = await page.evaluate(act, value);
  await page.close();
  return made;
}

async function client(world) {
  const { address, privateKey } = Wallet.createRandom();
  const made = new Dm3Client(world.net, { address, privateKey });
  await made.signUp();
  return made;
}

/** Opens the store again and again: the list, its first conversation, the heap after both. */
async function openings({ label, person, conversations, first }) {
  const figures = { list: [], conversation: [], heap: [] };
  for (let round = 0; round <= OPENINGS; round += 1) {
    await person.arrive();
    const list = await person.page.evaluate((count) => window.bench.list(count), Math.min(conversations, ROWS));
    // What begins with the list, as the connection, is not what is measured here.
    await person.page.waitForTimeout(1_000);
    const conversation = await person.page.evaluate((count) => window.bench.conversation(count), Math.min(first + 2, PAGE - 2));
    const heap = await heapOf(person.page);
    console.log(`${label}: list ${ms(list)}, conversation ${ms(conversation)}, ${bytes(heap)}`);
    await person.leave();
    // The first round warms up what all use.
    if (round === 0) continue;
    figures.list.push(list);
    figures.conversation.push(conversation);
    figures.heap.push(heap);
  }
  return figures;
}

/** All that the page and its WASM hold after what is garbage was let go: bytes. */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize + (await page.evaluate(() => window.bench.memory()));
}

/** One more message each, in turns: written here, received in the open conversation, received while the list stands. */
async function oneMore(devices) {
  for (const one of devices) {
    one.tabs = [];
    for (let tab = 0; tab < 2; tab += 1) {
      await one.person.arrive();
      await one.person.page.evaluate((count) => window.bench.list(count), Math.min(one.conversations, ROWS));
      await one.person.page.waitForTimeout(1_000);
      one.tabs.push(one.person.page);
    }
    one.more = { stored: [], shown: [], told: [], requests: [], received: [], receivedThere: [] };
    one.listed = { shown: [], there: [], work: [], requests: [] };
  }
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const one of devices) {
      const keep = (to, figures) => {
        if (round > 0) for (const [name, figure] of Object.entries(figures)) to[name].push(figure);
      };
      keep(one.listed, await receivedInList(one, `listed ${round}`));
      for (const tab of one.tabs) await tab.evaluate(() => window.bench.conversation(1));
      await one.tabs[0].waitForTimeout(500);
      keep(one.more, await written(one, `written ${round}`));
      keep(one.more, await receivedInConversation(one, `received ${round}`));
      for (const tab of one.tabs) await tab.locator('dm3-chat').getByRole('button', { name: 'Back', exact: true }).click();
      await one.tabs[0].waitForTimeout(500);
    }
  for (const one of devices) for (const tab of one.tabs) await tab.close();
}

const requests = (one) =>
  Promise.all(one.tabs.map((tab) => tab.evaluate(() => window.bench.requests))).then(([here, there]) => here + there);

async function written(one, text) {
  const [here, there] = one.tabs;
  const before = await requests(one);
  const told = there.evaluate((text) => window.bench.shown(text), text);
  const { clicked, stored, shown } = await here.evaluate((text) => window.bench.send(text), text);
  const figures = { stored: stored - clicked, shown: shown - clicked, told: (await told) - clicked };
  await here.waitForTimeout(700);
  return { ...figures, requests: (await requests(one)) - before };
}

async function receivedInConversation(one, text) {
  const [shown, there] = one.tabs.map((tab) => tab.evaluate((text) => window.bench.shown(text), text));
  await one.peer.send(aliasOf(one.person.account.address), text);
  const sent = Date.now();
  const figures = { received: (await shown) - sent, receivedThere: (await there) - sent };
  await one.tabs[0].waitForTimeout(300);
  return figures;
}

async function receivedInList(one, text) {
  const before = await Promise.all([requests(one), ...one.tabs.map(workOf)]);
  const [shown, there] = one.tabs.map((tab) => tab.evaluate((text) => window.bench.listed(text), text));
  await one.peer.send(aliasOf(one.person.account.address), text);
  const sent = Date.now();
  const figures = { shown: (await shown) - sent, there: (await there) - sent };
  await one.tabs[0].waitForTimeout(700);
  const after = await Promise.all([requests(one), ...one.tabs.map(workOf)]);
  const [count, here, elsewhere] = after.map((value, i) => value - before[i]);
  return { ...figures, requests: count, work: here + elsewhere };
}

/** How long a page's main thread has worked: milliseconds. */
async function workOf(page) {
  page.metrics ??= page.context().newCDPSession(page).then(async (session) => {
    await session.send('Performance.enable');
    return session;
  });
  const { metrics } = await (await page.metrics).send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
}

/** Much came while nobody was there. */
async function inbox(world, { person }) {
  const { messages, senders } = WAITING;
  const to = aliasOf(person.account.address);
  const { publicEncryptionKey: sealFor } = await resolveProfile(world.net, to);
  const peers = await Promise.all(Array.from({ length: senders }, () => client(world)));
  await onDevice(world, person, welcome, peers.map(({ alias }) => alias.split('.')[0]));
  await Promise.all(
    peers.map(async (sender) => {
      for (let n = 0; n < messages / senders; n += 1) {
        const message = await sender.message({ to, text: `Waiting ${n}.` });
        await sender.submit({ to, plaintext: Dm3Client.serialize(message), sealFor });
      }
    }),
  );
  await person.arrive();
  const { listed, news } = await person.page.evaluate(() => window.bench.firstRow());
  await person.page.waitForFunction((count) => window.bench.received.length >= count, messages, { polling: 100 });
  const { opened, all } = await person.page.evaluate(() => ({ opened: window.bench.opened, all: window.bench.received.at(-1) }));
  await person.leave();
  return { listed: listed - opened, news: news - opened, all: all - opened };
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
const ms = (number) => (number < 10 ? `${number.toFixed(1)} ms` : `${Math.round(number)} ms`);
const bytes = (number) => `${(number / 1e6).toFixed(1)} MB`;
const verdict = (met, bar) => `${met ? 'met' : 'MISSED'} (${bar})`;

function tables(devices) {
  const names = devices.map(({ messages, conversations }) => `${messages.toLocaleString('en')} in ${conversations}`);
  const large = (values) => values[values.length - 1];
  const growth = (values) => large(values) / values[0];
  const row = (task, values, show, bar = () => '') => [task, ...values.map(show), `${growth(values).toFixed(2)}×`, bar(values)];
  const each = (task, of, show, bar) => row(task, devices.map((one) => median(of(one))), show, bar);
  const below = (limit, text) => (values) => verdict(large(values) < limit, text);
  const same = (values) => verdict(growth(values) <= SAME, 'the same');
  const alone = (task, of, bar) => row(task, devices.map(of), ms, bar);
  return [
    [
      ['opening a store', ...names, 'growth', 'bar'],
      each('database opened → list drawn', ({ opening }) => opening.list, ms, below(150, '< 150 ms')),
      each('click → conversation drawn', ({ opening }) => opening.conversation, ms, below(100, '< 100 ms')),
      each('JavaScript and WASM then', ({ opening }) => opening.heap, bytes, below(40e6, '< 40 MB')),
    ],
    [
      ['one more message', ...names, 'growth', 'bar'],
      each('written: click → stored', ({ more }) => more.stored, ms, same),
      each('written: click → shown', ({ more }) => more.shown, ms, same),
      each('written: click → shown in the other tab', ({ more }) => more.told, ms, same),
      each('written: requests to both tabs’ databases', ({ more }) => more.requests, String, same),
      each('received: accepted by the node → shown', ({ more }) => more.received, ms, same),
      each('received: accepted → shown in the other tab', ({ more }) => more.receivedThere, ms, same),
    ],
    [
      ['one more message while the list stands', ...names, 'growth', 'bar'],
      each('accepted by the node → its row', ({ listed }) => listed.shown, ms, same),
      each('accepted → its row in the other tab', ({ listed }) => listed.there, ms, same),
      each('work of both tabs', ({ listed }) => listed.work, ms, same),
      each('requests to both tabs’ databases', ({ listed }) => listed.requests, String, same),
    ],
    [
      [`${WAITING.messages.toLocaleString('en')} waiting, of ${WAITING.senders}`, ...names, 'growth', 'bar'],
      alone('database opened → list', ({ inbox }) => inbox.listed),
      alone('list → the first that came', ({ inbox }) => inbox.news - inbox.listed, below(300, '< 300 ms')),
      alone('database opened → all taken in', ({ inbox }) => inbox.all, below(4_000, '< 4 s')),
    ],
  ];
}

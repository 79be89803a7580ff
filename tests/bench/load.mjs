// Starts of the element in one Chromium: cold and warm, on loopback and over a slow phone network; what that transfers, beside what
// other chats for web pages do; or in turns with another build of it.
//
//   npm run bench -- load                       dist/ alone, and the others' payloads
//   npm run bench -- load --alone               without the others
//   npm run bench -- load --beside <folder>     beside the build in that folder, on loopback
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { chromium } from 'playwright-core';
import { BROWSER_ARGS } from '../e2e/support.mjs';
import { startLocalnet } from '../localnet/index.mjs';
import { contentSecurityPolicy } from '../localnet/serve.mjs';
import { makePayloads } from './lib/payloads.mjs';
import { bars } from './lib/plot.mjs';
import { machine, report } from './lib/report.mjs';

const MARK = '<!-- npm run bench -- load -->';
const BESIDE = '<!-- npm run bench -- load --beside -->';
const PLOT = new URL('../../docs/load.svg', import.meta.url);

/** Times the other build's median from which on it counts as slower: less than this is the machine's own noise. */
const NOISE = 1.05;

/** What Chromium's own tools call Slow 4G: milliseconds of each request, bytes a second. */
const SLOW = { offline: false, latency: 562.5, downloadThroughput: 180_000, uploadThroughput: 84_375 };
const NETWORKS = [
  { name: 'loopback', rounds: 30 },
  { name: 'slow phone network', rounds: 6, conditions: SLOW },
];
const ROUNDS_BESIDE = 60;

/** Milliseconds. */
const AIMS = { painted: 30, usable: 150 };

const SIGN_IN_USABLE = '.steps ~ .actions .button[aria-disabled="false"]';
const LIST_STANDS = '.list > ul';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.css': 'text/css' };
const compress = promisify(brotliCompress);

export async function run(options = []) {
  const at = options.indexOf('--beside');
  const builds = [{ name: 'this build', folder: path('../../dist'), as: 'alice' }];
  if (at >= 0) builds.push({ name: 'beside', folder: options[at + 1], as: 'bob' });
  const payloads = at >= 0 || options.includes('--alone') ? [] : await makePayloads();
  const net = await startLocalnet();
  const server = await serve(net, builds, payloads);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
  try {
    const url = `http://127.0.0.1:${server.address().port}`;
    for (const [i, build] of builds.entries()) {
      Object.assign(build, { script: `/${i}/dm3-chat.js`, page: `${url}/?as=${build.as}`, taken: new Map() });
      build.known = await signUp(browser, build);
    }
    const networks = at >= 0 ? [{ ...NETWORKS[0], rounds: ROUNDS_BESIDE }] : NETWORKS;
    for (const { name, rounds, conditions } of networks) {
      // The first round warms up what all use.
      for (let round = 0; round <= rounds; round += 1) {
        for (const build of round % 2 ? builds.toReversed() : builds) await measure(browser, build, { name, conditions, counts: round > 0 });
      }
      console.log(`${name}: ${rounds} rounds`);
    }
    for (const payload of payloads) payload.there = await arrives(browser, url, payload);
    const load = loadavg().map((load) => load.toFixed(1)).join(', ');
    const intro = `${machine(browser)}, ${new Date().toISOString().slice(0, 10)}; load of the machine then: ${load}.`;
    if (at >= 0) {
      await report(BESIDE, `${intro} ${ROUNDS_BESIDE} rounds in turns.`, [compared(builds)]);
      if (figures(builds).some(({ ratio }) => ratio > NOISE)) process.exitCode = 1;
    } else {
      const tables = [starts(builds[0])];
      if (payloads.length > 0) {
        const all = [own(builds[0]), ...payloads];
        tables.push(beside(all));
        await writeFile(PLOT, plot(all));
      }
      await report(MARK, `${intro} Medians, and quartiles in brackets.`, tables);
    }
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
    await net.stop();
  }
}

/** Everything in brotli, and kept by the browser for as long as it lives. */
async function serve(net, builds, payloads) {
  const description = JSON.stringify({
    rpcUrl: net.rpcUrl,
    nodeUrl: net.nodeUrl,
    chainId: net.chainId,
    accounts: net.accounts.map(({ label, address }) => ({ label, address })),
  });
  const page = (script = '') => `<!doctype html><meta charset="utf-8"><title>load</title><body>${script}`;
  const policy = contentSecurityPolicy(net);
  const bodies = new Map(payloads.flatMap(({ files }) => files.map(({ path, compressed }) => [path, compressed])));
  const bodyOf = async (pathname) => {
    const [, folder, file] = /^\/(\d)\/([\w.-]+)$/.exec(pathname) ?? [];
    if (file) return readFile(join(builds[folder].folder, file));
    if (pathname === '/page.js') return readFile(path('load.page.js'));
    if (pathname === '/dev-wallet.js') return readFile(path('../../www/dev-wallet.js'));
    return undefined;
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const answer = (type, body, headers = {}) => response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    try {
      if (pathname === '/') return answer('text/html', page('<script type="module" src="/page.js"></script>'), { 'content-security-policy': policy });
      // Others need more than the element's policy allows.
      if (pathname === '/others') return answer('text/html', page());
      if (pathname === '/localnet.json') return answer('application/json', description);
      if (!bodies.has(pathname)) bodies.set(pathname, bodyOf(pathname).then((body) => compress(body)));
      return answer(TYPES[extname(pathname)] ?? 'application/octet-stream', await bodies.get(pathname), {
        'content-encoding': 'br',
        'cache-control': 'public, max-age=31536000, immutable',
      });
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** A device on which the build's person is signed in. */
async function signUp(browser, { page: url, script }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => window.visit);
  await page.evaluate(([script, usable]) => window.visit(script, usable), [script, SIGN_IN_USABLE]);
  for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) await page.getByRole('button', { name }).click();
  // Nobody is in it yet.
  await page.locator(LIST_STANDS).waitFor({ state: 'attached' });
  await page.close();
  return context;
}

async function openPage(context, url, conditions) {
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  if (conditions) {
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', conditions);
  }
  await page.goto(url);
  return page;
}

/** A stranger comes, and comes again; somebody comes who is signed in. */
async function measure(browser, build, { name, conditions, counts }) {
  const visit = async (kind, context, selector) => {
    const page = await openPage(context, build.page, conditions);
    await page.waitForFunction(() => window.visit);
    const times = await page.evaluate(([script, wanted]) => window.visit(script, wanted), [build.script, selector]);
    await page.close();
    if (!counts) return;
    const key = `${name}, ${kind}`;
    build.taken.set(key, [...(build.taken.get(key) ?? []), times]);
  };
  const stranger = await browser.newContext();
  await visit('cold', stranger, SIGN_IN_USABLE);
  await visit('warm', stranger, SIGN_IN_USABLE);
  await stranger.close();
  await visit('warm, signed in', build.known, LIST_STANDS);
}

/** Milliseconds until the others' code is there over the slow phone network, and what of it is a script has run. */
async function arrives(browser, url, { name, files }) {
  const taken = [];
  for (let round = 0; round < 3; round += 1) {
    const context = await browser.newContext();
    const page = await openPage(context, `${url}/others`, SLOW);
    const paths = files.map(({ path }) => path);
    taken.push(
      await page.evaluate(async ([script, ...others]) => {
        const begun = performance.now();
        const whole = async (path) => (await fetch(path)).arrayBuffer();
        await Promise.all([import(script), ...others.map(whole)]);
        return performance.now() - begun;
      }, paths),
    );
    await context.close();
  }
  console.log(`${name}: ${ms(quartiles(taken)[1])}`);
  return quartiles(taken)[1];
}

function quartiles(times) {
  const sorted = times.toSorted((one, other) => one - other);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.round((sorted.length - 1) * share)]);
}

const of = (build, visit, key) => quartiles(build.taken.get(visit).map((times) => times[key]));
const ms = (time) => `${time.toFixed(0)} ms`;
const cell = ([low, middle, high]) => `${ms(middle)} (${low.toFixed(0)}–${high.toFixed(0)})`;
const kilobytes = (bytes) => `${(bytes / 1_000).toFixed(1)} KB`;
const seconds = (time) => `${(time / 1_000).toFixed(1)} s`;

function starts(build) {
  const aim = (network, value, limit) => (network.startsWith('loopback') ? (value <= limit ? ` ✓ ≤ ${limit}` : ` ✗ > ${limit}`) : '');
  const rows = [...build.taken.keys()].map((visit) => {
    const [painted, usable] = ['painted', 'usable'].map((key) => of(build, visit, key));
    return [
      visit,
      cell(of(build, visit, 'launcher')),
      cell(painted) + aim(visit, painted[1], AIMS.painted),
      cell(usable) + aim(visit, usable[1], AIMS.usable),
      kilobytes(of(build, visit, 'bytes')[1]),
    ];
  });
  return [['visit', 'script asked for → launcher painted', 'script there → launcher painted', 'click → panel usable', 'transferred'], ...rows];
}

/** The element as one of those beside each other. */
function own(build) {
  const visit = `${NETWORKS[1].name}, cold`;
  const [launcher, usable, bytes] = ['launcher', 'usable', 'bytes'].map((key) => of(build, visit, key)[1]);
  return { name: 'dm3-chat', what: 'until the panel is usable', bytes, there: launcher + usable };
}

const beside = (all) => [
  ['', 'what of it', 'brotli', 'there over the slow phone network'],
  ...all.map(({ name, what, bytes, there }) => [name, what, kilobytes(bytes), seconds(there)]),
];

const plot = (all) =>
  bars([
    { title: 'Transferred, KB (brotli)', values: all.map(({ name, bytes }) => ({ name, value: bytes / 1_000, words: (bytes / 1_000).toFixed(0) })) },
    { title: 'There over a slow phone network, seconds', values: all.map(({ name, there }) => ({ name, value: there, words: seconds(there) })) },
  ]);

function figures(builds) {
  const tasks = [
    ['script asked for → launcher', 'loopback, cold', 'launcher'],
    ['click → sign-in usable', 'loopback, cold', 'usable'],
    ['signed in: click → list', 'loopback, warm, signed in', 'usable'],
  ];
  return tasks.map(([task, visit, key]) => {
    const [one, other] = builds.map((build) => of(build, visit, key));
    return { task, one, other, ratio: one[1] / other[1] };
  });
}

function compared(builds) {
  const lines = figures(builds).map(({ task, one, other, ratio }) => [
    task,
    cell(one),
    cell(other),
    `${ratio.toFixed(2)}×`,
    ratio <= NOISE ? 'met (not slower)' : 'MISSED (slower)',
  ]);
  return [['median (quartiles)', ...builds.map(({ name }) => name), 'ratio', 'bar'], ...lines];
}

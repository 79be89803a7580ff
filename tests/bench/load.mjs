// Cold starts of the element on loopback, in turns with another build of it.
//
//   npm run bench -- load                       dist/ alone
//   npm run bench -- load --beside <folder>     beside the build in that folder
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { BROWSER_ARGS } from '../e2e/support.mjs';
import { startLocalnet } from '../localnet/index.mjs';
import { contentSecurityPolicy } from '../localnet/serve.mjs';
import { machine, report } from './lib/report.mjs';

const MARK = '<!-- npm run bench -- load -->';
const ROUNDS = 60;
/** Times the other build's median from which on it counts as slower: less than this is the machine's own noise. */
const NOISE = 1.05;

const SIGN_IN_USABLE = '.steps ~ .actions .button[aria-disabled="false"]';
const LIST_STANDS = '.list > ul';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

export async function run(options = []) {
  const at = options.indexOf('--beside');
  const builds = [{ name: 'this build', folder: path('../../dist'), as: 'alice' }];
  if (at >= 0) builds.push({ name: 'beside', folder: options[at + 1], as: 'bob' });
  const net = await startLocalnet();
  const server = await serve(net, builds);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
  try {
    const url = `http://127.0.0.1:${server.address().port}`;
    for (const [i, build] of builds.entries()) {
      Object.assign(build, { script: `/${i}/dm3-chat.js`, page: `${url}/?as=${build.as}`, launcher: [], signIn: [], list: [] });
      build.known = await signUp(browser, build);
    }
    // The first round warms up what both use.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const build of round % 2 ? builds.toReversed() : builds) await measure(browser, build, round > 0);
    }
    await report(MARK, `${machine(browser)}, ${ROUNDS} rounds in turns, nothing cached.`, [rows(builds)]);
    if (builds[1] && figures(builds).some(({ ratio }) => ratio > NOISE)) process.exitCode = 1;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
    await net.stop();
  }
}

async function serve(net, builds) {
  const description = JSON.stringify({
    rpcUrl: net.rpcUrl,
    nodeUrl: net.nodeUrl,
    chainId: net.chainId,
    accounts: net.accounts.map(({ label, address }) => ({ label, address })),
  });
  const html = '<!doctype html><meta charset="utf-8"><title>load</title><body><script type="module" src="/page.js"></script>';
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const [, folder, file] = /^\/(\d)\/([\w.-]+)$/.exec(pathname) ?? [];
    const answer = (type, body) =>
      response
        .writeHead(200, { 'content-type': type, 'cache-control': 'no-store', 'content-security-policy': contentSecurityPolicy(net) })
        .end(body);
    try {
      if (pathname === '/') answer('text/html', html);
      else if (pathname === '/localnet.json') answer('application/json', description);
      else if (pathname === '/page.js') answer(TYPES['.js'], await readFile(path('load.page.js')));
      else if (pathname === '/dev-wallet.js') answer(TYPES['.js'], await readFile(path('../../www/dev-wallet.js')));
      else answer(TYPES[extname(file)], await readFile(join(builds[folder].folder, file)));
    } catch {
      response.writeHead(404).end();
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
  await page.evaluate(([script, usable]) => window.visit(script, usable), [script, SIGN_IN_USABLE]);
  for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) await page.getByRole('button', { name }).click();
  // Nobody is in it yet.
  await page.locator(LIST_STANDS).waitFor({ state: 'attached' });
  await page.close();
  return context;
}

async function measure(browser, build, counts) {
  const visit = async (context, selector) => {
    const page = await context.newPage();
    await page.goto(build.page);
    await page.waitForFunction(() => window.visit);
    const times = await page.evaluate(([script, wanted]) => window.visit(script, wanted), [build.script, selector]);
    await page.close();
    return times;
  };
  const stranger = await browser.newContext();
  const first = await visit(stranger, SIGN_IN_USABLE);
  await stranger.close();
  const again = await visit(build.known, LIST_STANDS);
  if (!counts) return;
  build.launcher.push(first.launcher);
  build.signIn.push(first.usable);
  build.list.push(again.usable);
}

function figures(builds) {
  const tasks = [
    ['script start → launcher', 'launcher'],
    ['click → sign-in usable', 'signIn'],
    ['returning: click → list', 'list'],
  ];
  return tasks.map(([task, key]) => {
    const [own, other] = builds.map((build) => quartiles(build[key]));
    return { task, own, other, ratio: other && own[1] / other[1] };
  });
}

function quartiles(times) {
  const sorted = times.toSorted((one, other) => one - other);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.round((sorted.length - 1) * share)]);
}

function rows(builds) {
  const cell = ([low, middle, high]) => `${middle.toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;
  const titles = ['median (quartiles)', ...builds.map(({ name }) => name), ...(builds[1] ? ['ratio', 'bar'] : [])];
  const lines = figures(builds).map(({ task, own, other, ratio }) => [
    task,
    cell(own),
    ...(other ? [cell(other), `${ratio.toFixed(2)}×`, ratio <= NOISE ? 'met (not slower)' : 'MISSED (slower)'] : []),
  ]);
  return [titles, ...lines];
}

// The core's cryptography in WASM, built as the widget ships it, against libsodium-wrappers, in one Chromium.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import { BROWSER_ARGS } from '../e2e/support.mjs';
import { buildInterop } from '../interop/build.mjs';
import { machine, report } from './lib/report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const MARK = '<!-- npm run bench -- crypto -->';

/** Of libsodium's speed each task must reach this. Signing has no bar: the tables it wants are 35 KB. */
const LIBSODIUM_BAR = 0.9;
const NO_BAR = /sign$/;
/** Curve code of our own stays only where it is this many times as fast as the library's own. */
const OWN_CODE_BAR = 1.1;

export async function run() {
  const { script, wasm } = buildInterop();
  const page = await esbuild.build({
    entryPoints: [join(here, 'crypto.page.js')],
    alias: { 'dm3-core-wasm': script },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
    platform: 'browser',
  });
  const files = new Map([
    ['/', ['text/html', '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>']],
    ['/page.js', ['text/javascript', page.outputFiles[0].contents]],
    ['/core.wasm', ['application/wasm', await readFile(wasm)]],
  ]);
  const server = createServer(({ url }, response) => {
    const [type, body] = files.get(url) ?? ['text/plain', ''];
    const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    response.writeHead(files.has(url) ? 200 : 404, { 'content-type': type, ...isolated }).end(body);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
  try {
    const tab = await browser.newPage();
    tab.on('pageerror', (error) => console.error(error));
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction(() => window.result ?? window.failure, undefined, { timeout: 300_000 });
    const failure = await tab.evaluate(() => window.failure);
    if (failure) throw new Error(failure);
    const rows = await tab.evaluate(() => window.result);
    await judge(rows, machine(browser));
  } finally {
    await browser.close();
    server.close();
  }
}

async function judge({ libsodium, library }, where) {
  const tables = [
    table('libsodium-wrappers', libsodium, (task) => (NO_BAR.test(task) ? undefined : LIBSODIUM_BAR)),
    table("the library's own", library, () => OWN_CODE_BAR),
  ];
  await report(MARK, `${where}.`, tables);
  if (JSON.stringify(tables).includes('MISSED')) process.exitCode = 1;
}

/** What was measured beside `others`, against the bar of each task. */
function table(others, rows, barOf) {
  const lines = rows.map(({ task, ours, theirs }) => {
    const factor = theirs / ours;
    const bar = barOf(task);
    const verdict = bar === undefined ? 'no bar' : `${factor >= bar ? 'met' : 'MISSED'} (${bar.toFixed(1)}×)`;
    return [task, `${ours.toFixed(1)} µs`, `${theirs.toFixed(1)} µs`, `${factor.toFixed(2)}×`, verdict];
  });
  return [['task', 'dm3-core', others, 'times as fast', 'bar'], ...lines];
}

// The gallery's pictures: how they are taken, compared and renewed.
//
//   node tests/e2e/gallery.mjs            builds what www/gallery.html shows
//   node tests/e2e/gallery.mjs --renew    takes the pictures in tests/e2e/gallery/ anew, too

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';
import { servePages } from '../localnet/serve.mjs';
import { BROWSER_ARGS, OUTPUT } from './support.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** How long all states may take to be drawn, each one an element with parts of its own: milliseconds. */
const READY = 240_000;
const PICTURES = fileURLToPath(new URL('gallery', import.meta.url));
const require = createRequire(import.meta.url);

/** All states are compared in each of these. */
export const LOOKS = ['light', 'dark', 'phone', 'rtl'];

/** A Sunday in November 2026, at noon. */
const NOON = 1_793_534_400_000;

/** How many pixels may differ: fewer than an icon has that moved by a few pixels (the test of the tests says so). */
const TOLERANCE = 5;

/** The same letters on every machine: the one font comes from a package, and none is hinted. */
const FONT_ARGS = ['--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb'];
const WEIGHTS = { 400: '400 549', 600: '550 600', 700: '601 900' };

/** In the page: this font for everything. Pictures of emoji are the system's, and left out. */
async function useFont(fonts) {
  for (const [weight, text] of fonts) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    document.fonts.add(await new FontFace('Gallery', bytes, { weight }).load());
  }
  for (const name of ['--dm3-font', '--dm3-font-mono']) document.documentElement.style.setProperty(name, 'Gallery');
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('.acts-emoji, .emoji-grid button, .emoji-groups button { visibility: hidden } input, ::file-selector-button { font-family: Gallery }');
  for (const { shadowRoot } of document.querySelectorAll('dm3-chat')) {
    shadowRoot.adoptedStyleSheets = [...shadowRoot.adoptedStyleSheets, sheet];
  }
}

/** The gallery in one browser; `look(name)` gives a page with all states in that look. */
export async function openGallery() {
  if (!existsSync(join(ROOT, 'dist-gallery'))) throw new Error('the gallery is not built: npm run gallery');
  const pages = await servePages({ net: { accounts: [] } });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...BROWSER_ARGS, ...FONT_ARGS] });
  const fonts = Object.entries(WEIGHTS).map(([file, weight]) => {
    const path = require.resolve(`@fontsource/inter/files/inter-latin-${file}-normal.woff2`);
    return [weight, readFileSync(path).toString('base64')];
  });
  return {
    url: pages.url,
    faults: [],
    async look(look, plain = true) {
      const context = await browser.newContext({
        viewport: { width: 1000, height: 1600 },
        // Small pictures, and still every pixel that moves counts.
        deviceScaleFactor: 0.5,
        reducedMotion: 'reduce',
        colorScheme: look === 'dark' ? 'dark' : 'light',
        timezoneId: 'UTC',
        locale: 'en-GB',
        hasTouch: look === 'phone',
      });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => this.faults.push(`${look}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') this.faults.push(`${look}: ${message.text()}`);
      });
      await page.clock.setFixedTime(NOON);
      await page.goto(`${pages.url}/gallery.html?look=${look}${plain ? '&plain' : ''}`);
      const states = await page.waitForFunction(() => window.dm3States, undefined, { timeout: READY }).then((states) => states.jsonValue());
      await page.evaluate(useFont, fonts);
      await page.waitForLoadState('networkidle');
      await page.waitForTimeout(500);
      return { page, states, chat: (state) => page.locator(`dm3-chat[state="${state}"]`) };
    },
    async close() {
      await browser.close();
      await pages.close();
    },
  };
}

const file = (look, state) => join(PICTURES, `${state}.${look}.png`);

/** Compares a picture with the one that is kept; says what differs, or nothing. Both are kept where they do. */
export function difference(look, state, taken) {
  if (!existsSync(file(look, state))) return `${state}, ${look}: there is no picture of it`;
  const [is, was] = [PNG.sync.read(taken), PNG.sync.read(readFileSync(file(look, state)))];
  const told = (what) => {
    mkdirSync(join(OUTPUT, 'gallery'), { recursive: true });
    writeFileSync(join(OUTPUT, 'gallery', `${state}.${look}.png`), taken);
    return `${state}, ${look}: ${what} (tests/e2e/output/gallery)`;
  };
  if (is.width !== was.width || is.height !== was.height) return told(`it is ${is.width} × ${is.height}`);
  const shown = new PNG({ width: is.width, height: is.height });
  const pixels = pixelmatch(was.data, is.data, shown.data, is.width, is.height, { threshold: 0.2, includeAA: true });
  if (pixels <= TOLERANCE) return undefined;
  const words = told(`${pixels} pixels differ`);
  writeFileSync(join(OUTPUT, 'gallery', `${state}.${look}.difference.png`), PNG.sync.write(shown));
  return words;
}

/** The same picture in as few bytes as it takes. */
function small(picture) {
  return PNG.sync.write(PNG.sync.read(picture), { colorType: 2, deflateLevel: 9, filterType: -1 });
}

async function renew() {
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES);
  const gallery = await openGallery();
  for (const look of LOOKS) {
    const { page, states, chat } = await gallery.look(look);
    for (const state of states) writeFileSync(file(look, state), small(await chat(state).screenshot()));
    console.log(`${look}: ${states.length} pictures`);
    await page.context().close();
  }
  await gallery.close();
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { status } = spawnSync(execPath, [join(ROOT, 'widget/build.mjs'), '--gallery'], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  if (argv.includes('--renew')) await renew();
}

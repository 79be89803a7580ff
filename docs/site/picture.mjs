// node docs/site/picture.mjs: docs/picture-light.webp and docs/picture-dark.webp, the README's moving pictures: two people of the local
// network in a real browser, one of whom signs in and writes while the other answers. Needs dist/ and the programs (`npm start` builds
// both).
//
// sharp (kept up; Apache-2.0) and the libvips in it are 20 MB, so it is installed here, and only by this command.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openWorld, until } from '../../tests/e2e/support.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

const [WIDTH, HEIGHT, BETWEEN] = [384, 560, 24];
/** Milliseconds that a picture stands. */
const [SHORT, LONG, END] = [110, 1_100, 3_500];
const LOOKS = { light: '#e6e9ef', dark: '#0a0b10' };

if (!existsSync(join(here, 'node_modules/sharp'))) {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
const { default: sharp } = await import('sharp');

async function film(look, background) {
  const world = await openWorld();
  try {
    const options = { path: '/inline.html', query: { theme: look }, context: { viewport: { width: 800, height: 900 }, colorScheme: look, reducedMotion: 'reduce' } };
    const people = [await world.person('bob', options), await world.person('alice', options)];
    const [bob, alice] = people;
    for (const { page } of people) {
      await page.addStyleTag({ url: '/demo.css' });
      await page.locator('dm3-chat').evaluate((chat, [width, height]) => {
        for (const [name, value] of [['display', 'block'], ['width', `${width}px`], ['height', `${height}px`]]) chat.style.setProperty(name, value);
      }, [WIDTH, HEIGHT]);
    }
    await bob.signUp();
    const frames = [];
    const delays = [];
    const take = async (delay) => {
      const shots = await Promise.all([alice, bob].map(({ page }) => page.locator('dm3-chat').screenshot()));
      const placed = shots.map((input, i) => ({ input, left: BETWEEN + i * (WIDTH + BETWEEN), top: BETWEEN }));
      const size = { width: 2 * WIDTH + 3 * BETWEEN, height: HEIGHT + 2 * BETWEEN, channels: 3, background };
      frames.push(await sharp({ create: size }).composite(placed).png().toBuffer());
      delays.push(delay);
    };
    const type = async (field, text, step = 4) => {
      for (let end = step; end < text.length + step; end += step) {
        await field.fill(text.slice(0, end));
        await take(SHORT);
      }
    };
    for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) {
      await alice.button(name).waitFor();
      await take(LONG);
      await alice.button(name).click();
    }
    await alice.heading.waitFor();
    await take(LONG / 2);
    await type(alice.search, 'bob.eth');
    await alice.search.press('Enter');
    await alice.composer.waitFor();
    await take(LONG / 2);
    await type(alice.composer, 'Hi Bob, is the blue one still for sale?');
    await alice.button('Send').click();
    await alice.log.getByText(/· (sent|delivered|read)/).first().waitFor();
    await bob.chat.getByRole('button', { name: /^Requests · / }).first().waitFor();
    await take(LONG);
    await bob.findRow(/alice\.eth/);
    await bob.button('Accept').waitFor();
    await take(LONG);
    await bob.button('Accept').click();
    await bob.composer.waitFor();
    await take(LONG / 2);
    await type(bob.composer, 'It is! Shall I keep it for you?');
    await bob.button('Send').click();
    await alice.sees('It is! Shall I keep it for you?');
    await bob.log.getByText(/· read/).first().waitFor();
    await take(LONG);
    await alice.composer.fill('Yes, please. Thank you!');
    await alice.button('Send').click();
    await bob.sees('Yes, please. Thank you!');
    await until('it was read', async () => (await alice.log.getByText(/· read/).count()) > 0);
    await take(END);
    const out = fileURLToPath(new URL(`../picture-${look}.webp`, import.meta.url));
    const { size } = await sharp(frames, { join: { animated: true } }).webp({ lossless: true, effort: 4, delay: delays.map(Math.round), loop: 0 }).toFile(out);
    console.log(`${out}: ${frames.length} pictures, ${Math.round(size / 1_000)} KB`);
  } finally {
    await world.close();
  }
}

for (const [look, background] of Object.entries(LOOKS)) await film(look, background);

// Somebody without any wallet: the playground gives them one for the tab, and an account that answers.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writePlayground } from '../../docs/site/playground.mjs';
import { startEcho } from '../localnet/echo.mjs';
import { OUTPUT, until, useWorld } from './support.mjs';

describe('the playground', () => {
  const world = useWorld({ before, after });
  let echo;
  before(async () => {
    echo = await startEcho(world().net);
  });
  after(() => echo?.stop());

  const addressOf = (person) => person.page.locator('[data-address]').innerText();

  test('a person without a wallet signs in, writes, and is answered', async () => {
    const sent = [];
    const person = await world().person('nobody', { path: '/try/', wallet: 'none' });
    person.page.on('request', (request) => sent.push(request.url(), request.postData() ?? ''));
    await person.page.getByRole('heading', { name: 'A first message, without a wallet' }).waitFor();
    await person.page.getByText(/^0x[0-9a-f]{40}$/i).waitFor();
    await person.screenshot('playground-first');
    await person.button('Connect wallet').click();
    await person.button('Create keys').click();
    await person.button('Publish profile').click();
    await person.composer.waitFor();
    assert.equal(await person.composer.inputValue(), 'Hello! Is anybody there?');
    await person.composer.press('Enter');
    const messages = person.log.locator('[part~="message"]', { hasText: 'Hello! Is anybody there?' });
    await until('the echo has answered', async () => (await messages.count()) === 2);
    assert.equal(await person.log.locator('[part~="message-own"]').count(), 1);
    await person.screenshot('playground');

    // What was signed can be read, and the key has not left the tab.
    await person.page.getByText('What it has signed').waitFor();
    const signed = person.page.locator('.signed details');
    assert.ok((await signed.count()) >= 2);
    await signed.first().locator('summary').click();
    await person.page.getByText(/dm3/i, { exact: false }).first().waitFor();
    const key = await person.page.evaluate(() => sessionStorage.getItem('dm3-try-key'));
    assert.match(key, /^0x[0-9a-f]{64}$/);
    assert.ok(!sent.some((text) => text.includes(key.slice(2))));

    // Its look can be changed, is told as styles, and what would be hard to read is said.
    const set = (name, value) => person.page.getByLabel(name, { exact: true }).fill(value);
    await set('Accent', '#fde047');
    await set('Corners of the panel', '4');
    await person.composer.fill('In colour');
    await until('the button has the colour', async () => {
      const { background, color } = await person.button('Send').evaluate((button) => {
        const { backgroundColor: background, color } = getComputedStyle(button);
        return { background, color };
      });
      return background === 'rgb(253, 224, 71)' && color === 'rgb(17, 19, 28)';
    });
    const styles = await person.page.locator('[data-look-code]').innerText();
    assert.equal(styles, 'dm3-chat {\n  --dm3-accent: #fde047;\n  --dm3-on-accent: #11131c;\n  --dm3-radius: 4px;\n}');
    assert.equal(await person.page.locator('[data-look-warning]').isVisible(), false);
    await set('Text', '#cccccc');
    await person.page.getByText(/^Hard to read: text on the background/).waitFor();
    await person.page.locator('#look').screenshot({ path: join(OUTPUT, 'playground-look.png') });

    // A reload keeps account and conversation; thrown away, another wallet begins, and nothing of the first is left.
    const first = await addressOf(person);
    await person.page.reload();
    await until('the conversation is there again', async () => (await messages.count()) === 2);
    assert.equal(await addressOf(person), first);
    await person.page.getByRole('button', { name: 'Throw it away' }).click();
    await until('another wallet is there', async () => ![first, '…'].includes(await addressOf(person)));
    await person.button('Connect wallet').waitFor();
    world().assertNoFaults();
  });

  test('by keyboard alone, on a phone', async () => {
    const options = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const person = await world().person('nobody', { path: '/try/', wallet: 'none', context: options });
    for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) {
      await person.button(name).focus();
      await person.page.keyboard.press('Enter');
    }
    await person.composer.fill('From a phone');
    await person.button('Send').press('Enter');
    const messages = person.log.locator('[part~="message"]', { hasText: 'From a phone' });
    await until('the echo has answered', async () => (await messages.count()) === 2);
    await person.page.evaluate(() => scrollTo(0, 0));
    await person.page.emulateMedia({ colorScheme: 'dark' });
    await person.page.screenshot({ path: join(OUTPUT, 'playground-phone.png'), fullPage: true });
    const width = await person.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `the page is ${width} wide`);
    world().assertNoFaults();
  });

  test('without a node to use, the page says so', async () => {
    const context = await world().browser.newContext();
    const page = await context.newPage();
    await page.route('**/try.json', (route) => route.fulfill({ status: 404 }));
    await page.goto(`${world().url}/try/`);
    await page.getByRole('alert').filter({ hasText: 'which node this page is to use' }).waitFor();
    await context.close();
  });

  test('the documentation carries it with all its files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dm3-playground-'));
    try {
      await writePlayground(folder, { DM3_TRY_NODE: 'https://node.example', DM3_TRY_ECHO: 'echo.eth' });
      const read = (name) => readFile(join(folder, name), 'utf8');
      assert.deepEqual(JSON.parse(await read('try/try.json')), {
        nodeUrl: 'https://node.example',
        chainId: 1,
        echo: 'echo.eth',
        element: './dm3-chat/dm3-chat.js',
      });
      for (const name of ['demo.css', 'try/index.html', 'try/try.js', 'try/dm3-chat/dm3-chat.js']) assert.ok((await read(name)).length > 100);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

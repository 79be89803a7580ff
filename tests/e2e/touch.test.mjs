// Everything with the fingers alone, on a phone: nothing is clicked, hovered or pressed on a keyboard but what is typed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { entry } from './messages.mjs';
import { boxOf, finger, looksRight, until, useWorld } from './support.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const bubble = (person, text) => entry(person, text).locator('.message');
const menu = (person) => person.chat.getByRole('menu');

/** Stays on something for so many milliseconds. */
async function hold(person, locator, milliseconds = 800) {
  await locator.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await boxOf(locator);
  await finger(person, async (touch) => {
    await touch('touchStart', { x: x + width / 2, y: y + height / 2 });
    await person.page.waitForTimeout(milliseconds);
    await touch('touchEnd');
  });
}

async function choose(person, text, name) {
  await hold(person, bubble(person, text));
  await menu(person).getByRole('menuitem', { name }).tap();
}

async function write(person, text) {
  await person.composer.tap();
  await person.page.keyboard.type(text);
  await person.button('Send').tap();
  await person.sees(text);
}

async function openSettings(person) {
  await person.button('Account').tap();
  await person.button('Settings').tap();
  await person.chat.getByRole('heading', { name: 'Privacy', exact: true }).waitFor();
}

describe('with the fingers alone', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  test('somebody signs up, looks for a name and writes', async () => {
    for (const label of ['alice', 'bob']) {
      const person = await world().person(label, { context: PHONE });
      await person.launcher.tap();
      for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) await person.button(name).tap();
      await person.heading.waitFor();
      if (label === 'alice') alice = person;
      else bob = person;
    }
    await alice.search.tap();
    await alice.page.keyboard.type('bob.eth');
    await alice.chat.locator('button.row-first', { hasText: 'bob.eth' }).tap();
    await alice.composer.waitFor();
    await write(alice, 'Is #123 still for sale?');
  });

  test('a request is accepted', async () => {
    await bob.chat.getByRole('button', { name: 'Requests · 1' }).tap();
    await bob.chat.locator('[part~="list"]').getByRole('button', { name: /alice\.eth/ }).tap();
    await bob.button('Accept').tap();
    await bob.composer.waitFor();
  });

  test('a finger that stays on a message opens its menu, and lifting it does not close that', async () => {
    await hold(bob, bubble(bob, 'Is #123'), 50);
    assert.equal(await menu(bob).count(), 0, 'a short touch opens nothing');
    await hold(bob, bubble(bob, 'Is #123'));
    await menu(bob).waitFor();
    await bob.page.waitForTimeout(300);
    await bob.screenshot('touch-menu');
    await bob.page.touchscreen.tap(20, 200);
    await menu(bob).waitFor({ state: 'detached' });
  });

  test('a message that is drawn anew meanwhile keeps its menu', async () => {
    await bob.composer.tap();
    await bob.page.keyboard.type('Just now');
    await bob.button('Send').tap();
    await bob.sees('Just now');
    await hold(bob, bubble(bob, 'Just now'));
    await menu(bob).getByRole('menuitem', { name: 'Edit' }).waitFor();
    await bob.page.touchscreen.tap(20, 200);
    await menu(bob).waitFor({ state: 'detached' });
  });

  test('reactions, an answer, a change, a copy and a deletion', async () => {
    await hold(bob, bubble(bob, 'Is #123'));
    await menu(bob).getByRole('menuitemcheckbox', { name: '👍' }).tap();
    await entry(alice, 'Is #123').getByRole('button', { name: '👍 1' }).tap();
    await entry(bob, 'Is #123').getByRole('button', { name: '👍 2' }).waitFor();
    await choose(bob, 'Is #123', 'Reply');
    await write(bob, 'Yes, for 1.1 ETH.');
    await alice.sees('Yes, for 1.1 ETH.');
    assert.match(await entry(alice, 'Yes, for').locator('.quote').innerText(), /Is #123/);
    await choose(bob, 'Yes, for', 'Edit');
    await until('it is there to be changed', () =>
      bob.composer.evaluate((field) => field.value === 'Yes, for 1.1 ETH.' && field.getRootNode().activeElement === field),
    );
    await bob.page.keyboard.press('ControlOrMeta+A');
    await bob.page.keyboard.type('Yes, for 1.2 ETH.');
    await bob.button('Send').tap();
    await alice.sees('Yes, for 1.2 ETH.');
    await choose(alice, 'Yes, for 1.2', 'Earlier versions');
    const versions = alice.chat.getByRole('dialog', { name: 'Message actions' });
    await versions.getByText('Yes, for 1.1 ETH.').waitFor();
    await versions.getByRole('button', { name: 'Close' }).tap();
    await alice.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await choose(alice, 'Yes, for 1.2', 'Copy text');
    await until('it is copied', async () => (await alice.page.evaluate(() => navigator.clipboard.readText())) === 'Yes, for 1.2 ETH.');
    await write(bob, 'Written in anger');
    await choose(bob, 'Written in anger', 'Delete');
    await bob.chat.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).tap();
    await alice.sees('Deleted by its author');
  });

  test('a message is forwarded to another conversation', async () => {
    await choose(alice, 'Yes, for 1.2', 'Forward');
    await alice.chat.getByRole('dialog', { name: 'Forward to' }).getByRole('button', { name: /bob\.eth/ }).tap();
    await bob.sees('Forwarded message:');
  });

  test('an emoji and a picture are sent, and seen large', async () => {
    await alice.button('Emoji').tap();
    const picker = alice.chat.getByRole('dialog', { name: 'Choose an emoji' });
    await picker.getByRole('tab', { name: 'Food and drink' }).tap();
    await picker.getByRole('button', { name: 'hot beverage', exact: true }).tap();
    await alice.button('Send').tap();
    await bob.sees('☕');
    const [chooser] = await Promise.all([alice.page.waitForEvent('filechooser'), alice.button('Attach files').tap()]);
    await chooser.setFiles({ name: 'one.png', mimeType: 'image/png', buffer: await alice.page.screenshot() });
    await alice.button('Remove one.png').waitFor();
    await looksRight(alice, 'touch-picture');
    await alice.button('Send').tap();
    await bob.log.locator('img').first().waitFor();
  });

  test('a finger that moves scrolls, and opens no menu', async () => {
    for (let number = 1; number <= 14; number += 1) await write(alice, `Filling ${number}`);
    await bob.sees('Filling 14');
    const { x, y, width, height } = await boxOf(bubble(bob, 'Filling 9'));
    const from = { x: x + width / 2, y: y + height / 2 };
    const top = await bob.log.evaluate((log) => log.scrollTop);
    await finger(bob, async (touch) => {
      await touch('touchStart', from);
      for (let step = 1; step <= 10; step += 1) {
        await touch('touchMove', { x: from.x, y: from.y + step * 20 });
        await bob.page.waitForTimeout(20);
      }
      await bob.page.waitForTimeout(700);
      await touch('touchEnd');
    });
    await until('it has scrolled', async () => Math.abs((await bob.log.evaluate((log) => log.scrollTop)) - top) > 50);
    assert.equal(await menu(bob).count(), 0);
    await bob.button('Go to the newest message').tap();
    await until('the newest is seen', async () => {
      const [row, log] = [await boxOf(entry(bob, 'Filling 14')), await boxOf(bob.log)];
      return row.y + row.height <= log.y + log.height + 1;
    });
  });

  test('the menu of a message that is longer than the screen stands on the screen', async () => {
    await alice.composer.fill(Array.from({ length: 60 }, (_, line) => `Line ${line}`).join('\n'));
    await alice.button('Send').tap();
    await bob.sees('Line 59');
    const log = await boxOf(bob.log);
    const { x, width } = await boxOf(bubble(bob, 'Line 59'));
    await finger(bob, async (touch) => {
      await touch('touchStart', { x: x + width / 2, y: log.y + log.height / 2 });
      await bob.page.waitForTimeout(800);
      await touch('touchEnd');
    });
    await menu(bob).waitFor();
    await bob.screenshot('touch-menu-long');
    await bob.page.touchscreen.tap(380, 60);
    await menu(bob).waitFor({ state: 'detached' });
  });

  test('a text is found, and a quote leads to what it answers', async () => {
    await alice.button('Back').tap();
    await alice.search.tap();
    await alice.page.keyboard.type('#123 still');
    await alice.chat.locator('.row-text', { hasText: 'Is #123 still for sale?' }).first().tap();
    await alice.composer.waitFor();
    await alice.sees('Is #123 still for sale?');
    // So far below that it can't be seen any more.
    await alice.composer.fill(Array.from({ length: 40 }, (_, line) => `Between ${line}`).join('\n'));
    await alice.button('Send').tap();
    await bob.sees('Between 39');
    await choose(bob, 'Is #123', 'Reply');
    await write(bob, 'It is gone');
    await alice.sees('It is gone');
    const isSeen = async () => {
      const [row, log] = [await boxOf(entry(alice, 'Is #123')), await boxOf(alice.log)];
      return row.y >= log.y - 1 && row.y + row.height <= log.y + log.height + 1;
    };
    await until('the newest stands below', async () => {
      await alice.log.evaluate((log) => log.scrollTo(0, log.scrollHeight));
      return !(await isSeen());
    });
    await entry(alice, 'It is gone').locator('.quote').tap();
    await until('what it answers is seen', isSeen);
  });

  test('a contact is looked at, muted, blocked and welcome again', async () => {
    await bob.button(/contact details/).tap();
    await bob.chat.locator('.digits').waitFor();
    await bob.button(/^Mute/).tap();
    await bob.button(/^Unmute/).tap();
    await bob.button(/^Block/).tap();
    await bob.heading.waitFor();
    await openSettings(bob);
    await bob.button('Unblock alice.eth').tap();
    await bob.chat.getByText('Nobody is blocked.').waitFor();
  });

  test('a report is made, and a request is blocked', async () => {
    await bob.button('Back').tap();
    await bob.heading.waitFor();
    const carol = await world().person('carol');
    await carol.signUp();
    await carol.writeTo('bob.eth');
    await carol.send('Buy this!');
    await bob.chat.getByRole('button', { name: 'Requests · 1' }).tap();
    await bob.chat.locator('[part~="list"]').getByRole('button', { name: /0x/ }).tap();
    await bob.button(/contact details/).tap();
    await bob.button(/^Report…/).tap();
    const report = bob.chat.getByRole('dialog', { name: 'Report', exact: true });
    await report.getByText('Nothing is sent by itself.').waitFor();
    await bob.screenshot('touch-report');
    const [download] = await Promise.all([bob.page.waitForEvent('download'), report.getByRole('link').tap()]);
    assert.match(JSON.stringify(JSON.parse(await readFile(await download.path(), 'utf8'))), /Buy this!/);
    await report.getByRole('button', { name: 'Close' }).tap();
    await report.waitFor({ state: 'detached' });
    await bob.chat.getByRole('group', { name: 'Message request' }).getByRole('button', { name: 'Block', exact: true }).tap();
    await bob.heading.waitFor();
    await bob.chat.getByText('No requests. Here stand those who write to you for the first time.').waitFor();
    await carol.send('Hello?');
    await bob.page.waitForTimeout(2_000);
    await bob.chat.getByRole('button', { name: 'All', exact: true }).tap();
    assert.doesNotMatch(await bob.text(), /Buy this!|Hello\?/);
    await openSettings(bob);
    await bob.button(/^Unblock 0x/).waitFor();
  });

  test('receipts and the look are set, and somebody signs out', async () => {
    const receipts = bob.chat.getByRole('switch', { name: /receipts/ });
    await receipts.tap();
    await until('it is off', async () => (await receipts.getAttribute('aria-checked')) === 'false');
    await bob.chat.getByRole('radio', { name: 'Dark' }).tap();
    await until('dark is chosen', async () => (await bob.chat.getByRole('radio', { name: 'Dark' }).getAttribute('aria-checked')) === 'true');
    await looksRight(bob, 'touch-settings');
    await bob.button('Back').tap();
    await bob.button('Account').tap();
    await bob.button('Sign out').tap();
    await bob.screenshot('touch-sign-out');
    await bob.button('Sign out and delete them').tap();
    await bob.button('Connect wallet').waitFor();
  });

  test('nothing broke the page or its policy', () => world().assertNoFaults());
});

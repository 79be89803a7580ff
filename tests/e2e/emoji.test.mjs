// All emoji: chosen for what is written, or for a message.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isAccessible } from './axe.mjs';
import { boxOf, until, useWorld } from './support.mjs';

describe('all emoji', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;
  const picker = () => alice.chat.getByRole('dialog', { name: 'Choose an emoji' });
  const search = () => picker().getByRole('searchbox', { name: 'Search emoji' });
  const open = async () => {
    await alice.button('Emoji').click();
    await picker().getByRole('button', { name: 'grinning face', exact: true }).waitFor();
    await until('the field has the focus', () => isFocused(search()));
  };
  const isFocused = (locator) => locator.evaluate((it) => it.getRootNode().activeElement === it);

  test('two people write to each other', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    await alice.send('Hello');
    await bob.openRow(/alice\.eth/);
    await bob.sees('Hello');
  });

  test('one is chosen with the mouse and stands where the caret was', async () => {
    await alice.composer.fill('Good  morning');
    await alice.composer.evaluate((field) => field.setSelectionRange(5, 5));
    await open();
    await alice.screenshot('emoji');
    await picker().getByRole('tab', { name: 'Food and drink' }).click();
    await picker().getByRole('button', { name: 'hot beverage', exact: true }).click();
    assert.equal(await picker().count(), 0);
    assert.equal(await alice.composer.inputValue(), 'Good ☕ morning');
    await until('the caret is behind it', () => isFocused(alice.composer));
    await alice.page.keyboard.type('!');
    assert.equal(await alice.composer.inputValue(), 'Good ☕! morning');
    await alice.button('Send').click();
    await bob.sees('Good ☕! morning');
  });

  test('by keyboard alone: searched for, gone through with arrows, left with Escape', async () => {
    await alice.composer.focus();
    await alice.page.keyboard.press('Shift+Tab');
    await alice.page.keyboard.press('Enter');
    await until('the field has the focus', async () => (await search().count()) === 1 && isFocused(search()));
    await picker().getByRole('button', { name: 'grinning face', exact: true }).waitFor();
    await alice.page.keyboard.type('Cat');
    await picker().getByRole('button', { name: 'cat', exact: true }).waitFor();
    await alice.screenshot('emoji-search');
    await alice.page.keyboard.press('ArrowDown');
    assert.equal(await isFocused(picker().getByRole('button', { name: 'cat', exact: true })), true);
    await alice.page.keyboard.press('ArrowRight');
    await alice.page.keyboard.press('ArrowLeft');
    await alice.page.keyboard.press('Enter');
    assert.equal(await alice.composer.inputValue(), '🐈');
    await alice.page.keyboard.press('Shift+Tab');
    await alice.page.keyboard.press('Enter');
    await until('the field has the focus', async () => (await search().count()) === 1 && isFocused(search()));
    await alice.page.keyboard.press('Escape');
    assert.equal(await picker().count(), 0);
    await until('the focus is back', () => isFocused(alice.composer));
    await alice.composer.fill('');
  });

  test('those that were chosen last stand above the others, also when somebody comes back', async () => {
    // What another script of the page has written there is shown only if it is an emoji.
    await alice.page.evaluate(() => {
      const key = Object.keys(localStorage).find((key) => key.endsWith(':emoji'));
      localStorage.setItem(key, `${localStorage.getItem(key)} <b>bold</b> ${'x'.repeat(1_000)}`);
    });
    await alice.leave();
    await alice.arrive();
    await alice.resume();
    await alice.openRow(/bob\.eth/);
    await open();
    const used = picker().locator('[data-used]');
    assert.deepEqual(await used.evaluateAll((all) => all.map((it) => it.title)), ['cat', 'hot beverage']);
    await picker().getByText('Recently used').waitFor();
    await alice.screenshot('emoji-used');
    await alice.page.keyboard.press('ArrowDown');
    await alice.page.keyboard.press('ArrowRight');
    assert.equal(await isFocused(used.nth(1)), true);
    await alice.page.keyboard.press('ArrowDown');
    assert.equal(await isFocused(picker().locator('[data-sign]:not([data-used])').nth(1)), true, 'below it');
    await alice.page.keyboard.press('ArrowUp');
    assert.equal(await isFocused(used.nth(1)), true);
    await alice.page.keyboard.press('Enter');
    assert.equal(await alice.composer.inputValue(), '☕');
    await alice.composer.fill('');
    await open();
    assert.deepEqual(await used.evaluateAll((all) => all.map((it) => it.title)), ['hot beverage', 'cat']);
    await alice.page.keyboard.press('Escape');
  });

  test('what nobody is called by finds nothing, and says so', async () => {
    await open();
    await search().fill('nothing of this kind');
    await picker().getByText('No emoji has this name.').waitFor();
    await alice.page.keyboard.press('Escape');
  });

  test('a message gets any of them', async () => {
    const row = alice.log.locator('.entry', { hasText: 'Hello' }).first();
    await row.hover();
    await row.getByRole('button', { name: 'Message actions' }).click();
    await alice.chat.getByRole('menuitem', { name: 'Another emoji' }).click();
    await search().fill('parrot');
    await picker().getByRole('button', { name: 'parrot', exact: true }).click();
    for (const person of [alice, bob])
      await person.log.locator('.entry', { hasText: 'Hello' }).first().getByRole('button', { name: '🦜 1' }).waitFor();
  });

  test('it is accessible in both themes, and on a phone', async () => {
    await open();
    await isAccessible(alice, 'emoji');
    await alice.page.keyboard.press('Escape');
    const size = alice.page.viewportSize();
    await alice.page.setViewportSize({ width: 390, height: 844 });
    await open();
    await alice.screenshot('emoji-phone');
    const [dialog, chat] = await Promise.all([boxOf(picker()), boxOf(alice.composer)]);
    assert.ok(dialog.y >= 0 && dialog.y + dialog.height <= chat.y + 4, 'it stands above the composer');
    await alice.page.keyboard.press('Escape');
    await alice.page.setViewportSize(size);
  });

  test('what can not be fetched is said, and tried again', async () => {
    await alice.reload();
    await alice.openRow(/bob\.eth/);
    await alice.page.route('**/dm3-chat-emoji-en.txt*', (route) => route.abort());
    await alice.button('Emoji').click();
    await picker().getByRole('alert').waitFor();
    await alice.page.unroute('**/dm3-chat-emoji-en.txt*');
    await picker().getByRole('button', { name: 'Try again' }).click();
    await picker().getByRole('button', { name: 'grinning face', exact: true }).waitFor();
    await alice.page.keyboard.press('Escape');
    await picker().waitFor({ state: 'detached' });
  });

  test('which ones were chosen is deleted with all else of an account', async () => {
    const remembered = () => alice.page.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith(':emoji')).length);
    assert.equal(await remembered(), 1);
    await alice.reload();
    await alice.button('Account').click();
    await alice.chat.getByText('Sign out', { exact: true }).click();
    await alice.button('Sign out and delete them').click();
    await alice.button('Connect wallet').waitFor();
    assert.equal(await remembered(), 0);
  });

  test('nothing broke the page or its policy', () => {
    // A file that could not be fetched was wanted.
    assert.deepEqual(alice.faults.filter((fault) => !String(fault).includes('dm3-chat-emoji-en.txt')), []);
    assert.deepEqual(bob.faults, []);
  });
});

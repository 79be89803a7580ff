// Everything by keyboard alone: nothing is clicked, hovered or given the focus but by keys.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { entry } from './messages.mjs';
import { hasFocus, until, useWorld } from './support.mjs';

/** More than any screen has to be gone through. */
const MOST = 80;

/** Presses a key until what is meant has the focus, and fails if it never does. */
async function reach(person, locator, key = 'Tab') {
  await locator.first().waitFor();
  const passed = [];
  for (let pressed = 0; pressed < MOST; pressed += 1) {
    if (await hasFocus(locator.first())) return;
    await person.page.keyboard.press(key);
    passed.push(await focused(person));
  }
  assert.fail(`${key} leads by ${passed.join(' › ')} and never to ${locator}`);
}

/** What has the focus, in words. */
const focused = (person) =>
  person.chat.evaluate((chat) => {
    const at = chat.shadowRoot.activeElement;
    return at ? `${at.localName} ${(at.getAttribute('aria-label') ?? at.innerText ?? '').slice(0, 30).replace(/\s+/g, ' ')}` : 'the page';
  });

/** Goes to a control and presses it. */
async function press(person, locator, { by = 'Tab', key = 'Enter' } = {}) {
  await reach(person, locator, by);
  await person.page.keyboard.press(key);
}

const pressButton = (person, name, options) => press(person, person.button(name), options);

/** Writes a message. */
async function write(person, text) {
  await reach(person, person.composer);
  await person.page.keyboard.type(text);
  await person.page.keyboard.press('Enter');
  await person.sees(text);
}

/** Opens the menu of a message, and gives it. */
async function menuOf(person, text) {
  await reach(person, person.log, 'Shift+Tab');
  await person.page.keyboard.press('End');
  await reach(person, entry(person, text), 'ArrowUp');
  await person.page.keyboard.press('Enter');
  const menu = person.chat.getByRole('menu');
  await until('the focus is in the menu', async () => (await menu.locator('button:focus').count()) === 1);
  return menu;
}

async function choose(person, text, name, role = 'menuitem') {
  const menu = await menuOf(person, text);
  await press(person, menu.getByRole(role, { name, exact: true }), { by: 'ArrowDown' });
  await menu.waitFor({ state: 'detached' });
}

describe('by keyboard alone', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  before(async () => {
    bob = await world().person('bob');
    await bob.signUp();
    alice = await world().person('alice', { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  });

  test('somebody signs up, finds a name and writes', async () => {
    await press(alice, alice.launcher);
    for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) await pressButton(alice, name);
    await alice.heading.waitFor();
    await reach(alice, alice.search);
    await alice.page.keyboard.type('bob.eth');
    await alice.page.keyboard.press('Enter');
    await alice.composer.waitFor();
    await write(alice, 'Is #123 still for sale?');
    await bob.openRow(/alice\.eth/);
    await bob.send('It is.');
    await alice.sees('It is.');
  });

  test('a message is reacted to, and that is taken back', async () => {
    const given = (person) => entry(person, 'It is.').getByRole('button', { name: '❤️ 1' });
    await choose(alice, 'It is.', '❤️', 'menuitemcheckbox');
    for (const person of [alice, bob]) await given(person).waitFor();
    await choose(alice, 'It is.', '❤️', 'menuitemcheckbox');
    for (const person of [alice, bob]) await given(person).waitFor({ state: 'detached' });
  });

  test('a text is copied', async () => {
    await choose(alice, 'It is.', 'Copy text');
    await until('it is copied', async () => (await alice.page.evaluate(() => navigator.clipboard.readText())) === 'It is.');
  });

  test('a message is deleted', async () => {
    await write(alice, 'Written in anger');
    await bob.sees('Written in anger');
    await choose(alice, 'Written in anger', 'Delete');
    const question = alice.chat.getByRole('alertdialog');
    await press(alice, question.getByRole('button', { name: 'Delete' }));
    for (const person of [alice, bob]) await person.sees('Deleted by its author');
    assert.deepEqual(await bob.order(['Written in anger']), []);
  });

  test('files are attached, taken off and sent', async () => {
    const [chooser] = await Promise.all([alice.page.waitForEvent('filechooser'), pressButton(alice, 'Attach files')]);
    await chooser.setFiles([
      { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('The first') },
      { name: 'two.txt', mimeType: 'text/plain', buffer: Buffer.from('The second') },
    ]);
    await pressButton(alice, 'Remove two.txt', { by: 'Shift+Tab' });
    await alice.button('Remove two.txt').waitFor({ state: 'detached' });
    await write(alice, 'With a file');
    await entry(bob, 'With a file').getByText('one.txt').first().waitFor();
    assert.equal(await bob.log.getByText('two.txt').count(), 0);
  });

  test('a contact is muted, hidden, and comes back', async () => {
    await pressButton(alice, /contact details/, { by: 'Shift+Tab' });
    await pressButton(alice, /^Mute/);
    await pressButton(alice, /^Unmute/);
    await pressButton(alice, /^Hide conversation/);
    await alice.heading.waitFor();
    await alice.chat.locator('[part~="list"]').getByRole('button', { name: /bob\.eth/ }).waitFor({ state: 'detached' });
    await pressButton(alice, 'Account');
    await pressButton(alice, 'Settings');
    await pressButton(alice, 'Show again bob.eth');
    await alice.chat.getByText('No conversation is hidden.').waitFor();
    await pressButton(alice, 'Back', { by: 'Shift+Tab' });
    await press(alice, alice.chat.locator('[part~="list"]').getByRole('button', { name: /bob\.eth/ }));
    await alice.composer.waitFor();
    await pressButton(alice, 'Back', { by: 'Shift+Tab' });
    await alice.heading.waitFor();
  });

  test('another device is signed out', async () => {
    const other = await world().person('alice');
    await other.signIn();
    await pressButton(alice, 'Account');
    await pressButton(alice, 'Settings');
    await pressButton(alice, /^Your account/);
    await pressButton(alice, /^Sign out .*Linux/);
    await pressButton(alice, 'Sign out there');
    await other.chat.getByText(/was signed out in another tab or from another device/).waitFor();
    await pressButton(alice, 'Back', { by: 'Shift+Tab' });
    await pressButton(alice, 'Back', { by: 'Shift+Tab' });
    await alice.heading.waitFor();
  });

  test('a backup is made and saved', async () => {
    await pressButton(alice, 'Account');
    await pressButton(alice, 'Backup…');
    await pressButton(alice, 'Make a backup');
    const save = alice.chat.getByRole('link', { name: 'Save the file' });
    const [download] = await Promise.all([alice.page.waitForEvent('download'), press(alice, save)]);
    const file = await readFile(await download.path());
    assert.equal(file.subarray(0, 18).toString(), 'dm3-chat archive 1');
    await pressButton(alice, 'Done');
    await alice.heading.waitFor();
  });

  test('nothing broke the page or its policy', () => world().assertNoFaults());
});

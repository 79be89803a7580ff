// What a page may say of the element: by attributes, properties and slots.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isAccessible } from './axe.mjs';
import { until, useWorld } from './support.mjs';

describe('what a page says of its element', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  const say = (person, values) => person.page.locator('dm3-chat').evaluate((chat, values) => Object.assign(chat, values), values);
  const put = (person, slot, text) =>
    person.page.locator('dm3-chat').evaluate(
      (chat, [slot, text]) => {
        const own = document.createElement('p');
        Object.assign(own, { slot, textContent: text });
        chat.append(own);
      },
      [slot, text],
    );
  const state = (person) => person.page.locator('dm3-chat').evaluate((chat) => chat.state);

  test('what it puts into the slots is shown in their places', async () => {
    alice = await world().person('alice');
    for (const slot of ['signed-out', 'empty', 'header-actions', 'footer']) await put(alice, slot, `Own ${slot}`);
    await alice.open();
    await alice.page.getByText('Own signed-out').waitFor();
    assert.equal(await state(alice), 'signed-out');
    await alice.screenshot('element-signed-out');
    await alice.signUp();
    await alice.page.getByText('Own empty').waitFor();
    for (const [slot, is] of [['signed-out', false], ['header-actions', true], ['footer', true]]) {
      assert.equal(await alice.page.getByText(`Own ${slot}`).isVisible(), is, slot);
    }
    await alice.screenshot('element-empty');
    await isAccessible(alice, 'element-empty');
    await until('she is in touch', async () => (await state(alice)) === 'connected');
  });

  test('with a locked contact there is nobody else to write to, from the sign-in on', async () => {
    bob = await world().person('bob');
    await say(bob, { to: 'alice.eth', lockContact: true });
    await bob.open();
    // To the only contact it is written first (tests/e2e/site.test.mjs).
    await bob.button('Sign in without writing').click();
    await bob.button('Connect wallet').click();
    await bob.button('Create keys').click();
    await bob.button('Publish profile').click();
    await bob.composer.waitFor();
    await bob.send('Is it still there?');
    assert.equal(await bob.button('Back').count(), 0);
    assert.equal(await bob.search.count(), 0);
    await bob.screenshot('element-locked');
    await isAccessible(bob, 'element-locked');
    // Settings and the way out are above the conversation.
    await bob.button('Account').click();
    await bob.button('Settings').click();
    await bob.button('Back').click();
    await bob.composer.waitFor();
    await bob.page.reload();
    await say(bob, { to: 'alice.eth', lockContact: true });
    await bob.open();
    await bob.composer.waitFor();
    await bob.sees('Is it still there?');
  });

  test('where the contact can’t be found, that is said, and may be tried again', async () => {
    await say(bob, { to: 'nobody-at-all.eth' });
    await bob.chat.getByRole('alert').waitFor();
    await bob.screenshot('element-locked-nobody');
    assert.equal(await bob.search.count(), 0);
    await say(bob, { to: 'alice.eth' });
    await bob.composer.waitFor();
  });

  test('unlocked the list is there again, in a panel that can be closed, and inline in one that can’t', async () => {
    await say(bob, { lockContact: false });
    await bob.back();
    await bob.button('Close').waitFor();
    await say(bob, { mode: 'inline' });
    await until('nothing closes it', async () => (await bob.button('Close').count()) === 0);
    await say(bob, { mode: 'launcher' });
    await bob.open();
    await bob.button('Close').waitFor();
  });

  test('a page that wants no receipts sends none', async () => {
    await say(alice, { receipts: 'off' });
    await alice.openRow(/bob\.eth/);
    await alice.sees('Is it still there?');
    await alice.send('It is');
    await bob.openRow(/alice\.eth/);
    await bob.sees('It is');
    await bob.send('Good');
    await alice.sees('Good');
    // What is told of it would leave before.
    await alice.send('Yours');
    await bob.sees('Yours');
    await bob.log.getByText(/· sent/).first().waitFor();
    assert.equal(await bob.log.getByText(/· (delivered|read)/).count(), 0);
  });

  test('nothing broke the page or its policy', () => assert.deepEqual([...alice.faults, ...bob.faults], []));
});

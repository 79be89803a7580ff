// Nothing that axe finds is left in any state that a person meets.

import { after, before, describe, test } from 'node:test';
import { isAccessible } from './axe.mjs';
import { useWorld } from './support.mjs';

describe('axe finds nothing', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  test('while somebody signs in', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.open();
    await alice.button('Connect wallet').waitFor();
    await isAccessible(alice, 'the first step');
    await alice.button('Connect wallet').click();
    await alice.button('Create keys').waitFor();
    await isAccessible(alice, 'the second step');
    await alice.button('Create keys').click();
    await alice.button('Publish profile').waitFor();
    await isAccessible(alice, 'the third step');
    await alice.button('Publish profile').click();
    await alice.heading.waitFor();
    await isAccessible(alice, 'the empty list');
    await bob.signUp();
  });

  test('in a conversation, its menu, and an answer', async () => {
    await alice.writeTo('bob.eth');
    await isAccessible(alice, 'an empty conversation');
    await alice.composer.fill('Hello **Bob**, see https://market.example/123 and `code`.');
    await alice.composer.press('Enter');
    await alice.log.locator('strong').waitFor();
    await isAccessible(alice, 'a conversation');
    const row = alice.log.locator('.entry').first();
    await row.hover();
    await row.getByRole('button', { name: 'Message actions' }).click();
    await alice.chat.getByRole('menu').waitFor();
    await isAccessible(alice, 'the menu of a message');
    await alice.chat.getByRole('menuitem', { name: 'Reply' }).click();
    await isAccessible(alice, 'an answer that is written');
    await alice.send('An answer');
    await row.hover();
    await row.getByRole('button', { name: 'Message actions' }).click();
    await alice.chat.getByRole('menuitem', { name: 'Delete' }).click();
    await alice.chat.getByRole('alertdialog').waitFor();
    await isAccessible(alice, 'whether to delete');
    await alice.chat.getByRole('button', { name: 'Keep it' }).click();
  });

  test('with requests, and a list', async () => {
    const requests = bob.chat.getByRole('button', { name: 'Requests · 1' });
    await requests.waitFor();
    await isAccessible(bob, 'a list with a request');
    await requests.click();
    await bob.findRow(/alice\.eth/);
    await bob.button('Accept').waitFor();
    await isAccessible(bob, 'a request');
    await bob.button('Accept').click();
    await bob.composer.waitFor();
    await bob.send('Hello Alice');
    await bob.back();
    await isAccessible(bob, 'a list');
    await bob.button('Account').click();
    await isAccessible(bob, 'the menu of the account');
    await bob.button('Account').click();
  });

  test('where somebody is looked for, and offline', async () => {
    await bob.search.fill('nobody-has-this-name.eth');
    await bob.chat.getByText('Nobody is registered as nobody-has-this-name.eth.').waitFor();
    await isAccessible(bob, 'a search');
    await bob.search.fill('');
    await alice.context.setOffline(true);
    await alice.composer.fill('Into the void');
    await alice.button('Send').click();
    await alice.sees('Into the void');
    await isAccessible(alice, 'offline');
    await alice.context.setOffline(false);
  });
});

// Strangers: what is asked about them, and what becomes of them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasFocus, until, useWorld } from './support.mjs';

describe('strangers', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  const filter = (person, name) => person.chat.getByRole('button', { name });
  const events = (person) => person.page.evaluate(() => window.told);

  test('who writes first is a request, apart from the list and not announced as a message', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await bob.page.evaluate(() => {
      window.told = [];
      for (const name of ['dm3-request', 'dm3-message-received', 'dm3-unread-change']) {
        document.addEventListener(name, ({ detail }) => window.told.push([name, detail]));
      }
    });
    await alice.writeTo('bob.eth');
    await alice.send('Your order is blocked. See https://evil.example and confirm.');
    await filter(bob, 'Requests · 1').waitFor();
    const told = await events(bob);
    assert.deepEqual(
      told.map(([name]) => name),
      ['dm3-request'],
    );
    assert.equal(told[0][1].peer, alice.account.address);
    assert.equal(await bob.chat.getByRole('button', { name: /alice\.eth/ }).count(), 0, 'not in the list');
    await bob.screenshot('requests-list');
  });

  test('a request says who it is, shows no link, and asks', async () => {
    await filter(bob, 'Requests · 1').click();
    await bob.findRow(/alice\.eth/);
    const card = bob.chat.getByRole('group', { name: 'Message request' });
    await card.waitFor();
    await card.getByText('The name belongs to the wallet that signed.').waitFor();
    await card.getByText('First wrote to you: Today').waitFor();
    await card.getByText(/^This wallet has (never sent a transaction|sent .+) on Ethereum\./).waitFor();
    await card.getByText('Not mentioned to you by any of your contacts lately.').waitFor();
    await bob.sees('https://evil.example');
    assert.equal(await bob.log.locator('a, strong').count(), 0);
    assert.equal(await bob.composer.count(), 0);
    await bob.screenshot('request');
    await bob.page.emulateMedia({ colorScheme: 'dark' });
    await bob.screenshot('request-dark');
    await bob.page.emulateMedia({ colorScheme: 'light' });
  });

  test('accepted, they are in the list, and their links lead somewhere', async () => {
    await bob.button('Accept').focus();
    await bob.page.keyboard.press('Enter');
    await bob.composer.waitFor();
    await until('the field has the focus', () => hasFocus(bob.composer));
    await bob.log.locator('a').waitFor();
    await bob.send('Who are you?');
    await alice.sees('Who are you?');
    await bob.back();
    await bob.chat.locator('[part~="list"]').getByRole('button', { name: /alice\.eth/ }).waitFor();
    await alice.send('Somebody');
    await until('it is announced', async () => (await events(bob)).some(([name]) => name === 'dm3-message-received'));
  });

  test('blocked, they are gone; found by name and not blocked any more, they ask again', async () => {
    const carol = await world().person('carol');
    await carol.signUp();
    await carol.writeTo('bob.eth');
    await carol.send('Hello bob');
    await filter(bob, 'Requests · 1').click();
    await bob.findRow(/0x/);
    await bob.button('Block').click();
    await bob.heading.waitFor();
    await bob.chat.getByText('No requests. Here stand those who write to you for the first time.').waitFor();
    await carol.send('Hello?');
    await filter(bob, 'All').click();
    await alice.send('Later than carol');
    await bob.chat.getByText('Later than carol').waitFor();
    await bob.search.fill(carol.account.address);
    await bob.search.press('Enter');
    await bob.chat.getByText('You blocked them.').waitFor();
    await bob.screenshot('request-blocked');
    await bob.button('Unblock').focus();
    await bob.page.keyboard.press('Enter');
    await bob.button('Accept').waitFor();
    assert.equal(await bob.composer.count(), 0);
    await bob.button('Accept').click();
    await bob.composer.waitFor();
    await until('the field has the focus', () => hasFocus(bob.composer));
    await carol.send('Once more');
    await bob.sees('Once more');
    assert.deepEqual(await bob.order(['Hello bob', 'Hello?', 'Once more']), ['Hello bob', 'Once more']);
  });

  test('nothing broke the page or its policy', () => {
    for (const person of [alice, bob]) assert.deepEqual(person.faults, []);
  });
});

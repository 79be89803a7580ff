// The main job: two wallets chat through the element.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until, useWorld } from './support.mjs';

describe('two people chat', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  test('signing up takes two signatures each', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    assert.equal(await alice.signatures(), 2);
    assert.equal(await bob.signatures(), 2);
  });

  test('alice writes to bob by name; bob sees it without reloading', async () => {
    await alice.writeTo('bob.eth');
    await alice.send('Hello Bob, is #123 still for sale?');
    await bob.openRow(/alice\.eth/);
    await bob.sees('Hello Bob, is #123 still for sale?');
  });

  test('bob answers; alice sees it without reloading', async () => {
    await bob.send('Yes, it is.');
    await alice.sees('Yes, it is.');
  });

  test('after a reload both see the history, and no wallet was asked', async () => {
    for (const [person, peer] of [
      [alice, /bob\.eth/],
      [bob, /alice\.eth/],
    ]) {
      await person.reload();
      await person.openRow(peer);
      await person.sees('Hello Bob, is #123 still for sale?');
      await person.sees('Yes, it is.');
      assert.deepEqual(await person.order(['Hello Bob', 'Yes, it is.']), ['Hello Bob', 'Yes, it is.']);
      assert.equal(await person.signatures(), 0);
    }
  });

  test('what arrives while bob is away is there in order when he is back', async () => {
    const texts = ['First while away', 'Second while away', 'Third while away'];
    await bob.leave();
    for (const text of texts) await alice.send(text);
    await bob.arrive();
    await bob.resume();
    await bob.openRow(/alice\.eth/);
    await bob.sees(texts[2]);
    assert.deepEqual(await bob.order(texts), texts);
    assert.equal(await bob.signatures(), 0);
  });

  test('still live after being away', async () => {
    await alice.send('Welcome back');
    await bob.sees('Welcome back');
  });

  test('alice writes to an account that has only an address', async () => {
    const carol = await world().person('carol');
    await carol.signUp();
    await alice.back();
    await alice.writeTo(carol.account.address);
    await alice.send('Hello, whoever you are');
    await carol.openRow(/alice\.eth/);
    await carol.sees('Hello, whoever you are');
    await carol.send('I am carol');
    await alice.sees('I am carol');
  });

  test('each conversation shows its own messages only', async () => {
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await alice.sees('Welcome back');
    assert.deepEqual(await alice.order(['I am carol']), []);
  });

  test('a second tab of the same device sees new messages too', async () => {
    const first = bob.page;
    await bob.arrive();
    await bob.resume();
    await bob.openRow(/alice\.eth/);
    await alice.send('To both tabs');
    await bob.sees('To both tabs');
    assert.equal(await bob.signatures(), 0);
    await bob.leave();
    bob.page = first;
    await bob.sees('To both tabs');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

describe('a page that names the peer', () => {
  const world = useWorld({ before, after });

  test('a "Message seller" button opens the conversation with the seller', async () => {
    const seller = await world().person('bob');
    await seller.signUp();
    const buyer = await world().person('alice', { path: '/shop.html' });
    await buyer.signUp();
    await buyer.page.getByRole('listitem').filter({ hasText: 'Chromatic #123' }).getByRole('button').click();
    await buyer.composer.waitFor();
    await buyer.send('Would you take 1.1 ETH?');
    await seller.openRow(/alice\.eth/);
    await seller.sees('Would you take 1.1 ETH?');
  });

  test('the `to` attribute leads to the peer right after sign-in, inline', async () => {
    const shop = await world().person('shop');
    await shop.signUp();
    const visitor = await world().person('carol', { path: '/inline.html', query: { to: 'shop.eth' } });
    await visitor.button('Connect wallet').click();
    await visitor.button('Create keys').click();
    await visitor.button('Publish profile').click();
    await visitor.composer.waitFor();
    await visitor.send('Do you ship?');
    await shop.openRow(/0x/);
    await shop.sees('Do you ship?');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

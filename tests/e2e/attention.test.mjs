// Payments for answers as people see them: asked for, offered, taken by an answer, or had back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseUnits } from 'ethers';
import { isAccessible } from './axe.mjs';
import { looksRight, until, useWorld } from './support.mjs';

const DAY = 24 * 60 * 60;
const coins = (amount) => parseUnits(amount, 18);

describe('payments for answers', () => {
  const world = useWorld({ before, after, stakes: true });
  let bob;
  let alice;
  let mallory;
  let dave;

  const payments = (person) => person.chat.locator('.payments');

  test('what payments have to be is chosen in the settings, by what the contracts say of themselves', async () => {
    bob = await world().person('bob');
    await bob.signUp();
    await bob.button('Account').click();
    await bob.button('Settings').click();
    const group = bob.chat.locator('.group', { hasText: 'Payments for your answer' });
    await group.getByText('You ask for none.').waitFor();
    const type = async (label, text) => {
      await group.getByLabel(label).fill(text);
      await group.getByLabel(label).press('Enter');
    };
    await type('Contract that holds payments: address', world().net.stakes.token);
    await group.getByText('At this address is no contract that holds payments.').waitFor();
    await type('Contract that holds payments: address', world().net.stakes.attention);
    await type('Token they are in: address', world().net.stakes.token);
    await type('SIGN, at least', '0.5');
    await group.getByText('Requests that offer at least 0.5 SIGN stand first.').waitFor();
    await group.scrollIntoViewIfNeeded();
    await looksRight(bob, 'payment-asked');
    await isAccessible(bob, 'payment-asked');
    await bob.button('Back').click();
  });

  test('who writes to them offers it with two prompts, and the next message carries it', async () => {
    alice = await world().person('alice');
    await alice.signUp();
    await alice.writeTo('bob.eth');
    await payments(alice).getByText('bob.eth looks first at requests that offer 0.5 SIGN.').waitFor();
    await looksRight(alice, 'payment-offer');
    await isAccessible(alice, 'payment-offer');
    const before = await alice.prompts();
    await alice.button('Offer 0.5 SIGN').click();
    await payments(alice).getByText('0.5 SIGN goes along with your next message.').waitFor();
    assert.deepEqual((await alice.prompts()).slice(before.length), ['eth_sendTransaction', 'eth_sendTransaction']);
    assert.equal(await world().coinsOf('alice'), coins('999.5'));
    // It is still there after a reload.
    await alice.reload();
    await alice.findRow(/bob\.eth/);
    await payments(alice).getByText('0.5 SIGN goes along with your next message.').waitFor();
    await alice.send('May I ask you something?');
    await alice.log.getByText(/· sent/).waitFor();
    await payments(alice).getByText(/^0\.5 SIGN waits for an answer from bob\.eth\./).waitFor();
    await looksRight(alice, 'payment-offered');
  });

  test('a request with a payment stands before one that came later', async () => {
    mallory = await world().person('mallory');
    await mallory.signUp();
    await mallory.writeTo('bob.eth');
    await mallory.send('Buy this!');
    await mallory.log.getByText(/· sent/).waitFor();
    await bob.button('Requests · 2').click();
    const rows = bob.chat.locator('[part~="list"] .row');
    await until('the payment stands first', async () => {
      const texts = await rows.allInnerTexts();
      return texts.length === 2 && /alice\.eth[^]*0\.5 SIGN/.test(texts[0]) && /mallory\.eth/.test(texts[1]);
    });
    await looksRight(bob, 'payment-list');
    await isAccessible(bob, 'payment-list');
  });

  test('an answer releases it, and both see that', async () => {
    await bob.findRow(/alice\.eth/);
    const card = bob.chat.getByRole('group', { name: 'Message request' });
    await card.getByText(/^alice\.eth offers 0\.5 SIGN for your answer\./).waitFor();
    assert.equal(await payments(bob).count(), 0, 'it is said once');
    await looksRight(bob, 'payment-request');
    await isAccessible(bob, 'payment-request');
    await bob.button('Accept').click();
    await payments(bob).getByText(/^alice\.eth offers 0\.5 SIGN for your answer\./).waitFor();
    await bob.composer.fill('Of course.');
    await looksRight(bob, 'payment-answer');
    await bob.button('Answer and take 0.5 SIGN').click();
    await payments(bob).getByText('You have taken 0.5 SIGN for your answer.').waitFor();
    await bob.sees('Of course.');
    assert.equal(await world().coinsOf('bob'), coins('1000.5'));
    await looksRight(bob, 'payment-taken');
    await alice.sees('Of course.');
    await payments(alice).getByText('bob.eth has taken 0.5 SIGN for the answer.').waitFor();
    await looksRight(alice, 'payment-claimed');
  });

  test('the answer is sent whether or not the wallet takes the payment', async () => {
    dave = await world().person('dave');
    await dave.signUp();
    await dave.writeTo('bob.eth');
    await dave.button('Offer 0.5 SIGN').click();
    await payments(dave).getByText('0.5 SIGN goes along with your next message.').waitFor();
    await dave.send('And may I?');
    await bob.back();
    await bob.openRow(/dave\.eth/);
    await bob.composer.fill('You, too.');
    await bob.refuseNextSignature();
    await bob.button('Answer and take 0.5 SIGN').click();
    await payments(bob).getByRole('alert').waitFor();
    await dave.sees('You, too.');
    await looksRight(bob, 'payment-not-taken');
    await bob.button('Take 0.5 SIGN').click();
    await payments(bob).getByText('You have taken 0.5 SIGN for your answer.').waitFor();
    assert.equal(await world().coinsOf('bob'), coins('1001'));
  });

  test('what nobody took comes back after its time', async () => {
    await mallory.button('Offer 0.5 SIGN').click();
    await payments(mallory).getByText('0.5 SIGN goes along with your next message.').waitFor();
    await mallory.send('I pay for it');
    await payments(mallory).getByText(/waits for an answer/).waitFor();
    assert.equal(await world().coinsOf('mallory'), coins('999.5'));
    await world().pass(8 * DAY);
    await mallory.back();
    await mallory.findRow(/bob\.eth/);
    await payments(mallory).getByText('bob.eth has not taken 0.5 SIGN in time. It is yours again.').waitFor();
    await looksRight(mallory, 'payment-late');
    await mallory.button('Take it back').click();
    await payments(mallory).getByText('0.5 SIGN is back in your wallet.').waitFor();
    assert.equal(await world().coinsOf('mallory'), coins('1000'));
    await looksRight(mallory, 'payment-back');
    await bob.back();
    await bob.findRow(/mallory\.eth/);
    await bob.chat.getByText('mallory.eth offered 0.5 SIGN for an answer. That is over.').waitFor();
  });

  test('nothing broke the page or its policy', () => world().assertNoFaults());
});

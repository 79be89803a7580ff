// What a person sees when something is missing or goes wrong, and that there is a way on.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { useWorld } from './support.mjs';

const REFUSED = 'You declined the request in your wallet. You can try it again.';

describe('states with a way out', () => {
  const world = useWorld({ before, after });

  async function alertOf(person, pattern) {
    const alert = person.alert.filter({ hasText: pattern }).first();
    await alert.waitFor();
    return alert.innerText();
  }

  test('no wallet: it is said', async () => {
    const visitor = await world().person('alice', { wallet: 'none' });
    await visitor.open();
    await visitor.chat.getByText(/no wallet/i).first().waitFor();
  });

  test('a wallet that is only window.ethereum works', async () => {
    const person = await world().person('shop', { wallet: 'legacy' });
    await person.signUp();
    assert.equal(await person.signatures(), 2);
  });

  test('several wallets: the person picks one by its name', async () => {
    const person = await world().person('collector');
    await person.page.evaluate(async () => {
      const { announce } = await import('/dev-wallet.js');
      announce({ request: async () => [], on() {}, removeListener() {} }, 'Another wallet');
    });
    await person.open();
    await person.button('Connect wallet').click();
    await person.button(/Another wallet/).waitFor();
    await person.button(/Development wallet/).click();
    await person.button('Create keys').waitFor();
  });

  test('a refused signature is said and can be repeated, at both steps', async () => {
    const person = await world().person('alice');
    await person.open();
    await person.button('Connect wallet').click();

    await person.refuseNextSignature();
    await person.button('Create keys').click();
    await alertOf(person, REFUSED);
    await person.button('Create keys').click();

    await person.button('Publish profile').waitFor();
    await person.refuseNextSignature();
    await person.button('Publish profile').click();
    await alertOf(person, REFUSED);
    await person.button('Publish profile').click();
    await person.heading.waitFor();
    assert.equal(await person.signatures(), 4);
  });

  test('an unknown name is said, and another can be typed', async () => {
    const person = await world().person('bob');
    await person.signUp();
    await person.search.fill('zyx.eth');
    await person.search.press('Enter');
    const words = await alertOf(person, /zyx\.eth/);
    assert.equal(words.trim(), 'Nobody is registered as zyx.eth. Check the name for typing errors.');
    // What is final is not told as something that may pass.
    assert.doesNotMatch(words, /reach|try again|later/i);
    await person.writeTo('alice.eth');
  });

  test('a peer without a dm3 profile is said', async () => {
    const person = await world().person('carol');
    await person.signUp();
    await person.search.fill('dave.eth');
    await person.search.press('Enter');
    await person.chat.getByText(/^dave\.eth has not joined dm3 yet\./).first().waitFor();
  });

  test('an unreachable node is said, and goes on when it is back', async () => {
    const person = await world().person('mallory');
    await person.signUp();
    await person.writeTo('alice.eth');
    await world().net.stopNode();
    try {
      const visitor = await world().person('dave');
      await visitor.open();
      await visitor.chat.getByText('The node of this chat can’t be reached. Check your connection and try again.').first().waitFor();
    } finally {
      await world().net.startNode();
    }
    await person.send('After the node came back');
    await person.reload();
    await person.openRow(/alice\.eth/);
    await person.sees('After the node came back');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

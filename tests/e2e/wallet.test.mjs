// The wallet changes under the element: another account, locked, not permitted any more, another chain, gone.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until, useWorld } from './support.mjs';

describe('the wallet changes', () => {
  const world = useWorld({ before, after });
  let person;

  /** The owner does something in the wallet's own window. */
  const inWallet = (action, argument) =>
    person.page.evaluate(([action, argument]) => window.dm3DevWallet[action](argument), [action, argument]);
  const choose = (label) => inWallet('choose', world().account(label).address);
  const prompts = () => person.page.evaluate(() => window.dm3DevWallet.prompts.length);
  const signIn = () => person.button('Connect wallet').waitFor();

  /** Loads the page anew, with this account chosen in the wallet. */
  async function reloadAs(label) {
    const url = new URL(person.startUrl);
    url.searchParams.set('as', label);
    await person.page.goto(url.href);
    await person.open();
  }

  test('two accounts of one wallet sign up in one browser', async () => {
    const bob = await world().person('bob');
    await bob.signUp();
    person = await world().person('alice');
    await person.signUp();
    await person.writeTo('bob.eth');
    await person.send('For Bob alone');
    await bob.openRow(/alice\.eth/);
    await bob.send('For Alice alone');
    await person.sees('For Alice alone');
  });

  test('what was the former account’s leaves the screen, and the sign-in is the new one’s', async () => {
    await person.composer.fill('half a sen');
    await choose('carol');
    await signIn();
    assert.doesNotMatch(await person.text(), /bob|alice|alone|half a sen/i);
    await reloadAs('carol');
    await signIn();
    await person.signUp();
    assert.doesNotMatch(await person.text(), /bob\.eth|alone/);
    assert.equal(await person.page.evaluate(() => document.querySelector('dm3-chat').account.toLowerCase()), world().account('carol').address.toLowerCase());
  });

  test('back again there is the inbox, without a prompt', async () => {
    const before = await prompts();
    await choose('alice');
    await person.openRow(/bob\.eth/);
    await person.sees('For Alice alone');
    // What she had begun to write is hers, and nobody else saw it.
    await until('her draft is there', async () => (await person.composer.inputValue()) === 'half a sen');
    await choose('carol');
    await person.heading.waitFor();
    await until('nothing of alice’s is shown', async () => !/bob\.eth|alone|half a sen/.test(await person.text()));
    await choose('alice');
    await person.openRow(/bob\.eth/);
    assert.equal(await prompts(), before);
  });

  test('a locked wallet and another chain change nothing', async () => {
    await inWallet('lock');
    await inWallet('switchChain', 1);
    await person.sees('For Alice alone');
    await person.send('Written while the wallet is locked');
    await inWallet('switchChain', 31337);
    await choose('alice');
    await person.sees('Written while the wallet is locked');
  });

  test('an account that the page may not see any more leaves, and comes back when it may', async () => {
    await inWallet('disconnect');
    await signIn();
    assert.doesNotMatch(await person.text(), /bob\.eth|alone/);
    await choose('alice');
    await person.openRow(/bob\.eth/);
    await person.sees('For Alice alone');
  });

  test('a provider that the page gives decides, and one that it takes back decides nothing', async () => {
    await person.page.evaluate(async (address) => {
      const { DevWallet } = await import('/dev-wallet.js');
      const { rpcUrl, chainId } = await (await fetch('/localnet.json')).json();
      document.querySelector('dm3-chat').provider = new DevWallet({ rpcUrl, chainId, address });
    }, world().account('carol').address);
    await person.heading.waitFor();
    await until('carol is there', async () => !/bob\.eth|alone/.test(await person.text()));
    await person.page.evaluate(() => (document.querySelector('dm3-chat').provider = undefined));
    // The announced wallet is alice's again.
    await person.openRow(/bob\.eth/);
  });

  test('two windows with an account each do not mix', async () => {
    const first = person.page;
    await person.arrive();
    await reloadAs('carol');
    await person.heading.waitFor();
    assert.doesNotMatch(await person.text(), /bob\.eth/);
    await person.page.reload();
    await person.open();
    await person.heading.waitFor();
    assert.doesNotMatch(await person.text(), /bob\.eth/);
    await person.page.close();
    person.page = first;
    await person.sees('For Alice alone');
  });

  test('an element that is gone listens to no wallet', async () => {
    assert.equal(await person.page.evaluate(() => window.dm3DevWallet.listeners), 1);
    await person.page.evaluate(() => document.querySelector('dm3-chat').remove());
    await until('nobody listens', () => person.page.evaluate(() => window.dm3DevWallet.listeners === 0));
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

// What a receiver demands of those who write is told before something is written.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wallet } from 'ethers';
import { isAccessible } from './axe.mjs';
import { Dm3Client, aliasOf } from './client.mjs';
import { until, useWorld } from './support.mjs';

describe('what a receiver demands', () => {
  const world = useWorld({ before, after });
  let alice;
  const told = () => alice.chat.locator('.demands');

  /** Somebody new whose node lets only those write who meet these rules. */
  async function receiver(spamRules) {
    const { address, privateKey } = Wallet.createRandom();
    const client = new Dm3Client(world().net, { address, privateKey });
    await client.signUp();
    const token = await client.logIn();
    const reply = await fetch(`${world().net.nodeUrl}/ds/settings/${client.alias}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ spamRules }),
    });
    assert.equal(reply.status, 200, await reply.text());
    return { client, address };
  }

  test('what is not met is said above the field, with what is missing', async () => {
    alice = await world().person('alice');
    await alice.signUp();
    const { address } = await receiver([
      { rule: 'minNonce', value: 900 },
      { rule: 'minBalance', value: '1000000000000000000' },
    ]);
    await alice.writeTo(address);
    await told().getByText(/only from wallets that have sent at least 900 transactions\. Your account 0x\w{4}…\w{4} has sent .+ on Ethereum; it needs 900\./).waitFor();
    await told().getByRole('button', { name: 'Check again' }).waitFor();
    // alice has 10,000 coins of the local chain, so the other rule is met and not said.
    assert.equal(await told().locator('p').count(), 1);
    await alice.screenshot('demands');
    await isAccessible(alice, 'demands');
  });

  test('what is sent all the same is refused, and says why', async () => {
    await alice.composer.fill('Hello?');
    await alice.button('Send').click();
    await alice.log.getByText(/rules against spam/).waitFor();
  });

  test('who meets everything reads nothing of it', async () => {
    const { client, address } = await receiver([{ rule: 'minBalance', value: '1000000000000000000' }]);
    await alice.button('Back').click();
    await alice.writeTo(address);
    await alice.send('Good morning');
    await alice.log.getByText(/· sent/).waitFor();
    assert.equal(await told().count(), 0);
    const waiting = await client.incoming(await client.logIn());
    assert.equal(waiting.length, 1);
    assert.equal(aliasOf(address), client.alias);
  });

  test('one\'s own demands are set in the settings, and hold for strangers alone', async () => {
    await alice.button('Back').click();
    await alice.button('Account').click();
    await alice.button('Settings').click();
    const group = alice.chat.locator('.group', { hasText: 'Who may write to you' });
    await group.getByText('Nothing: anybody may write').waitFor();
    const held = group.getByLabel('ETH held, at least');
    await held.fill('a lot');
    await held.press('Enter');
    await group.getByText('Write a number, such as 0.01. Nothing was changed.').waitFor();
    await alice.screenshot('demands-wrong');
    await held.fill('0,5');
    await held.press('Enter');
    await group.getByText('takes messages only from wallets that hold at least 0.5 ETH.').waitFor();
    assert.equal(await group.getByRole('alert').count(), 0);
    await alice.screenshot('demands-set');
    await isAccessible(alice, 'demands-set');

    const stranger = Wallet.createRandom();
    const poor = new Dm3Client(world().net, { address: stranger.address, privateKey: stranger.privateKey });
    await poor.signUp();
    const text = 'Let me in';
    await assert.rejects(poor.send(aliasOf(alice.account.address), text), /: 400 /);
    // Somebody she has written to may answer, however little they hold.
    await alice.button('Back').click();
    await alice.writeTo(stranger.address);
    await alice.send('You may answer');
    await alice.log.getByText(/· sent/).waitFor();
    await until('the node knows who is welcome', () => poor.send(aliasOf(alice.account.address), text).then(() => true, () => false));
    await alice.log.getByText(text).waitFor();
  });

  test('nothing broke the page or its policy', () => assert.deepEqual(alice.faults, []));
});

// Messages that are not what they claim: sent straight to the node, which takes them as the reference's does.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { until, useWorld } from './support.mjs';

describe('messages that prove nothing', () => {
  const world = useWorld({ before, after });
  const counted = /(\d+) messages? could not be verified/;
  let bob;
  let bobAlias;
  let mallory;
  let alice;
  let expected = 0;

  /** Waits until one more is counted, and makes sure that `text` is nowhere. */
  async function isCountedNotShown(text) {
    expected += 1;
    await until(`${expected} counted`, async () => {
      const [, count] = (await bob.text()).match(counted) ?? [];
      assert.equal(Number(count ?? 0), expected);
    });
    assert.ok(!(await bob.text()).includes(text), `"${text}" is shown`);
  }

  before(async () => {
    bob = await world().person('bob');
    await bob.signUp();
    bobAlias = aliasOf(bob.account.address);
    mallory = new Dm3Client(world().net, world().account('mallory'));
    await mallory.signUp();
    alice = new Dm3Client(world().net, world().account('alice'));
    await alice.signUp();
  });

  test('signed with the wrong key', async () => {
    const message = await mallory.message({
      to: bobAlias,
      text: 'signed by a stray key',
      signWith: await Dm3Client.strayKey(),
    });
    await mallory.submit({ to: bobAlias, plaintext: Dm3Client.serialize(message) });
    await isCountedNotShown('signed by a stray key');
  });

  test('from somebody who did not sign it', async () => {
    const message = await mallory.message({ to: bobAlias, text: 'in the name of alice', from: alice.alias });
    await mallory.submit({ to: bobAlias, from: alice.alias, plaintext: Dm3Client.serialize(message) });
    await isCountedNotShown('in the name of alice');
  });

  test('sealed for somebody else', async () => {
    const message = await mallory.message({ to: bobAlias, text: 'not for bob to open' });
    await mallory.submit({
      to: bobAlias,
      plaintext: Dm3Client.serialize(message),
      sealFor: await Dm3Client.strayEncryptionKey(),
    });
    await isCountedNotShown('not for bob to open');
  });

  test('garbage instead of JSON', async () => {
    await mallory.submit({ to: bobAlias, plaintext: '{garbage instead of JSON' });
    await isCountedNotShown('garbage instead of JSON');
  });

  test("somebody else's message passed on as if it were for bob", async () => {
    const message = await mallory.message({ to: alice.alias, text: 'meant for alice' });
    await mallory.submit({ to: bobAlias, plaintext: Dm3Client.serialize(message) });
    await isCountedNotShown('meant for alice');
  });

  test('a message changed after it was signed', async () => {
    const message = await mallory.message({ to: bobAlias, text: 'send it to 0xAAAA' });
    message.message = 'send it to 0xBBBB';
    await mallory.submit({ to: bobAlias, plaintext: Dm3Client.serialize(message) });
    await isCountedNotShown('send it to 0xBBBB');
  });

  test('the next good message still arrives', async () => {
    await mallory.send(bobAlias, 'an honest message');
    await bob.openRow(/mallory\.eth/);
    await bob.sees('an honest message');
    assert.deepEqual(await bob.order(['stray', 'alice', 'bob to open', 'garbage', '0x']), []);
  });

  test('nothing bad comes up after a reload', async () => {
    await bob.reload();
    await bob.openRow(/mallory\.eth/);
    await bob.sees('an honest message');
    assert.equal(await bob.log.locator('[part~="message"]').count(), 1);
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

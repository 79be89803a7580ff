// Accounts whose wallet alone does not lead to their keys: contracts, and accounts with keys of another app.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { contractAccounts } from '../localnet/accounts.mjs';
import { people } from '../localnet/chain.mjs';
import { Dm3Client, resolveProfile } from './client.mjs';
import { until, useWorld } from './support.mjs';

const PHONE = { viewport: { width: 390, height: 740 }, hasTouch: true, isMobile: true };

const keyOf = (label) => people().find((person) => person.label === label).privateKey;

describe('accounts that are contracts', () => {
  const world = useWorld({ before, after });
  let contracts;
  let alice;
  before(async () => {
    contracts = await contractAccounts(world().net);
    alice = await world().person('alice');
    await alice.signUp();
  });
  after(() => contracts?.close());

  const codeOn = (person) => person.chat.locator('output').innerText();

  /** From the code to the list. */
  async function keepCodeAndPublish(person) {
    await person.chat.getByRole('heading', { name: 'Keep your recovery code' }).waitFor();
    const code = await codeOn(person);
    assert.match(code, /^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
    await person.button('I have kept it').click();
    await person.button('Publish profile').click();
    await person.heading.waitFor();
    return code;
  }

  async function talk(person, greeting) {
    await alice.writeTo(person.account.address);
    await alice.send(`${greeting}?`);
    await person.openRow(/alice\.eth/);
    await person.sees(`${greeting}?`);
    await person.send(`${greeting}!`);
    await alice.sees(`${greeting}!`);
    await alice.back();
  }

  test('a Safe of three owners, whose signatures differ each time, and its next device', async () => {
    const owners = ['alice', 'bob', 'carol'].map(keyOf);
    const contract = await contracts.safe({ owners, threshold: 2 });
    const [one, two] = [contract.sign('0x1234'), contract.sign('0x1234')];
    assert.notEqual(one, two);
    assert.ok(await contracts.accepts(contract, '0x1234', one));
    assert.ok(await contracts.accepts(contract, '0x1234', two));

    const first = await world().person('safe', { contract });
    await first.open();
    await first.button('Connect wallet').click();
    await first.chat.getByRole('heading', { name: 'Keep your recovery code' }).waitFor();
    await first.screenshot('accounts-code');
    const [download] = await Promise.all([
      first.page.waitForEvent('download'),
      first.chat.getByRole('link', { name: 'Save as a file' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^dm3-recovery-code-0x[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}\.txt$/);
    const code = await keepCodeAndPublish(first);
    assert.equal(await first.signatures(), 1, 'the profile, and nothing else');
    await talk(first, 'Is this the treasury');

    const next = await world().person('safe', { contract, context: PHONE });
    await next.open();
    await next.button('Connect wallet').click();
    await next.chat.getByRole('heading', { name: 'This account has other keys' }).waitFor();
    await next.screenshot('accounts-ways-of-contract-phone');
    await next.button(/Enter a recovery code/).click();
    await next.chat.getByLabel('Recovery code').fill('X3ES-8F9P-DJNE-FFNQ-0V3A-WSME-ZW52-AZY5-MXC5');
    await next.button('Restore keys').click();
    await next.alert.filter({ hasText: 'not the account’s keys' }).waitFor();
    await next.screenshot('accounts-recover-phone');
    await next.chat.getByLabel('Recovery code').fill(code.toLowerCase().replaceAll('-', ' '));
    await next.button('Restore keys').click();
    await next.heading.waitFor();
    assert.equal(await next.signatures(), 0);
    await alice.writeTo(contract.address);
    await alice.send('To both of your devices');
    await next.openRow(/alice\.eth/);
    await next.sees('To both of your devices');
    await alice.back();
  });

  test('a Safe that is not on the chain yet', async () => {
    const contract = await contracts.safe({ owners: [keyOf('bob')], threshold: 1, deployed: false });
    const person = await world().person('later', { contract });
    await person.open();
    await person.button('Connect wallet').click();
    await person.button('Create keys').click();
    await keepCodeAndPublish(person);
    assert.equal(await person.signatures(), 2);
    await talk(person, 'Are you there already');
    assert.equal(await contracts.codeOf(contract.address), '0x', 'it still is not on the chain');
  });

  test('another smart account', async () => {
    const contract = await contracts.smartAccount({ owner: keyOf('carol') });
    const person = await world().person('smart', { contract });
    await person.open();
    await person.button('Connect wallet').click();
    await keepCodeAndPublish(person);
    assert.equal(await person.signatures(), 1);
    await talk(person, 'Who are you');
  });

  test('nobody’s page broke its policy', () => world().assertNoFaults());
});

describe('keys of another app', () => {
  const world = useWorld({ before, after });
  let alice;
  before(async () => {
    alice = await world().person('alice');
    await alice.signUp();
  });

  async function findOtherKeys(person) {
    await person.open();
    await person.button('Connect wallet').click();
    await person.button('Create keys').click();
    await person.chat.getByRole('heading', { name: 'This account has other keys' }).waitFor();
  }

  async function replace(person) {
    await person.button(/Make new keys/).click();
    await person.button('Replace profile').click();
    await person.button('Publish profile').click();
    await person.heading.waitFor();
  }

  async function receives(person, text) {
    await alice.writeTo('dave.eth');
    await alice.send(text);
    await alice.back();
    await person.openRow(/alice\.eth/);
    await person.sees(text);
  }

  test('its nonce brings them here, and nothing is replaced', async () => {
    const app = new Dm3Client(world().net, world().account('carol'));
    const { profile } = await app.signUp({ nonce: '0x6f6d' });
    const carol = await world().person('carol');
    await findOtherKeys(carol);
    await carol.screenshot('accounts-ways');
    await carol.button(/Use the keys of another app/).click();
    await carol.chat.getByLabel('Nonce').fill('0x6f6d');
    await carol.screenshot('accounts-nonce');
    await carol.button('Continue').click();
    await carol.button('Create keys').click();
    await carol.heading.waitFor();
    assert.equal(await carol.signatures(), 2);
    assert.deepEqual(await resolveProfile(world().net, app.alias), profile);
    const token = await app.logIn();
    assert.ok(token, 'the other app goes on working');
  });

  test('keys are replaced, the other app takes them back, and they are replaced again', async () => {
    const app = new Dm3Client(world().net, world().account('dave'));
    await app.signUp({ nonce: 'of another app' });
    await app.logIn();
    const published = async () => (await resolveProfile(world().net, app.alias)).deliveryServices[0];

    const dave = await world().person('dave');
    await findOtherKeys(dave);
    await dave.button(/Make new keys/).click();
    await dave.screenshot('accounts-replace');
    await dave.button('Other ways').click();
    await replace(dave);
    assert.equal(await published(), 'Ds.dm3.eth');
    await receives(dave, 'With the keys made here');
    await dave.leave();

    // A copy of the former profile is refused; its owner's return is another edition.
    await assert.rejects(app.signUp({ nonce: 'of another app' }), /replaced by a newer one/);
    await app.signUp({ nonce: 'of another app', service: 'dS.dm3.eth' });
    await app.logIn();
    assert.equal(await published(), 'dS.dm3.eth');

    const again = await world().person('dave', { context: PHONE });
    await findOtherKeys(again);
    await again.screenshot('accounts-ways-phone');
    await replace(again);
    assert.equal(await published(), 'DS.dm3.eth');
    // Who wrote to the former keys a moment ago learns of the new ones within a minute.
    await alice.reload();
    await receives(again, 'With the same keys again');
    await until('the other app is out', () => assert.rejects(app.logIn(), /Signature invalid/).then(() => true));
  });

  test('nobody’s page broke its policy', () => world().assertNoFaults());
});

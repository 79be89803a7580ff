// What a node offers its people beside a mailbox: a name, and mail while they are away.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startMailServer } from '../localnet/mail.mjs';
import { looksRight, openWorld, until } from './support.mjs';

describe('what a node offers', () => {
  let post;
  let world;
  let alice;
  let bob;

  before(async () => {
    post = await startMailServer();
    const settings = {
      smtp_host: '127.0.0.1',
      smtp_port: post.port,
      smtp_security: 'none',
      smtp_from: 'node@dm3.test',
    };
    world = await openWorld({ settings });
    alice = await world.person('alice');
    bob = await world.person('bob');
    await alice.signUp();
    await bob.signUp();
  });
  after(async () => {
    await world?.close();
    await post?.stop();
  });

  const group = (person, name) =>
    person.chat.locator('section', { has: person.page.getByRole('heading', { name, exact: true }) });
  const field = (person, name) => person.chat.getByRole('textbox', { name });
  const alertOf = (person, name) => group(person, name).getByRole('alert');

  async function openSettings(person) {
    await person.button('Account').click();
    await person.button('Settings').click();
    await person.chat.getByRole('heading', { name: 'Settings' }).waitFor();
  }

  async function openOwn(person) {
    await openSettings(person);
    await person.button(/^Your account/).click();
    await person.chat.getByRole('heading', { name: 'Your name', exact: true }).waitFor();
  }

  /** Out of what is the account's own, over the settings, to the list. */
  async function leaveOwn(person) {
    await person.button('Back').click();
    await person.chat.getByRole('heading', { name: 'Settings' }).waitFor();
    await person.back();
  }

  test('somebody takes a name, which others find them by', async () => {
    await openOwn(alice);
    const name = field(alice, 'Name below user.dm3.eth');
    await name.fill('al.ice');
    await name.press('Enter');
    await alertOf(alice, 'Your name').getByText('without a dot').waitFor();
    await field(alice, 'Name below user.dm3.eth').fill('Alice-Shop');
    await alice.button('Claim').click();
    await group(alice, 'Your name').getByText('alice-shop.user.dm3.eth').waitFor();
    await looksRight(alice, 'offers-name');
    await openOwn(bob);
    await field(bob, 'Name below user.dm3.eth').fill('alice-shop');
    await bob.button('Claim').click();
    await alertOf(bob, 'Your name').getByText('This name is taken').waitFor();
    await leaveOwn(bob);
    await bob.writeTo('alice-shop.user.dm3.eth');
    await bob.send('Found you by your name');
    await leaveOwn(alice);
    await alice.openRow(/bob\.eth/);
    await alice.sees('Found you by your name');
    await alice.back();
  });

  test('mail goes to an address whose code was answered, and says that something came, not what', async () => {
    await openSettings(alice);
    const mail = field(alice, 'Mail address');
    await mail.fill('nowhere');
    await mail.press('Enter');
    await alertOf(alice, 'Notifications').getByText('This is no mail address.').waitFor();
    await field(alice, 'Mail address').fill('alice@example.org');
    await alice.button('Send code').click();
    await group(alice, 'Notifications').getByText(/on its way to alice@example\.org/).waitFor();
    const code = await until('the code has come', () => /\b\d{5}\b/.exec(post.mails.at(-1)?.text ?? '')?.[0] ?? false);
    const answer = field(alice, 'Code from the mail');
    await answer.fill(code === '12345' ? '54321' : '12345');
    await answer.press('Enter');
    await alertOf(alice, 'Notifications').getByText('This is not the code.').waitFor();
    await looksRight(alice, 'offers-code');
    await alice.button('Send another code').click();
    await alertOf(alice, 'Notifications').getByText(/less than a minute ago/).waitFor();
    await field(alice, 'Code from the mail').fill(code);
    await alice.button('Confirm').click();
    const turned = alice.chat.getByRole('switch', { name: /By mail/ });
    await turned.waitFor();
    assert.equal(await turned.getAttribute('aria-checked'), 'true');
    await looksRight(alice, 'offers-mail');
    const before = post.mails.length;
    await alice.leave();
    // Until the node has noticed that she is gone, a message reaches the socket that was hers.
    await until('she is told', async () => {
      await bob.send('Secret words');
      return post.mails.length > before;
    });
    const told = post.mails.at(-1);
    assert.equal(told.to, 'alice@example.org');
    assert.doesNotMatch(told.text, /Secret words/);
  });

  test('who changes their mind gives the name back, and has the address forgotten', async () => {
    await alice.arrive();
    await alice.resume();
    await openOwn(alice);
    await alice.button('Give the name back…').click();
    await group(alice, 'Your name').getByText(/Others can take it then/).waitFor();
    await alice.button('Keep it').click();
    await alice.button('Give the name back…').click();
    await alice.button('Give it back').click();
    await field(alice, 'Name below user.dm3.eth').waitFor();
    await alice.button('Back').click();
    await alice.button('Have this address forgotten').click();
    await field(alice, 'Mail address').waitFor();
    await looksRight(alice, 'offers-none');
    await bob.back();
    await openOwn(bob);
    await field(bob, 'Name below user.dm3.eth').fill('alice-shop');
    await field(bob, 'Name below user.dm3.eth').press('Enter');
    await group(bob, 'Your name').getByText('alice-shop.user.dm3.eth').waitFor();
    for (const person of [alice, bob]) assert.deepEqual(person.faults, []);
  });
});

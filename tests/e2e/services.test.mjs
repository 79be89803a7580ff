// The delivery services of an account: another node's is added and put first, messages go there and arrive, and one that is taken
// off the list is read for a while. What can't be done is said before anything is published.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NODES } from '../localnet/chain.mjs';
import { isAccessible } from './axe.mjs';
import { aliasOf, resolveProfile } from './client.mjs';
import { looksRight, until, useWorld } from './support.mjs';

const [FIRST, SECOND] = NODES.map(({ name }) => name);

describe('the delivery services of an account', () => {
  const world = useWorld({ before, after, second: true, wide: true });
  let alice;
  let bob;

  const group = () =>
    alice.chat.locator('section', { has: alice.page.getByRole('heading', { name: 'Delivery services', exact: true }) });
  const rows = async () => (await group().locator('ol b').allInnerTexts()).map((row) => row.trim());
  const press = (name) => group().getByRole('button', { name, exact: true }).click();
  const says = (words) => group().getByText(words).first().waitFor();
  const wrong = (words) => group().getByRole('alert').getByText(words).waitFor();
  /** What others find, in small letters: large ones count editions. */
  const published = async () =>
    (await resolveProfile(world().net, aliasOf(alice.account.address))).deliveryServices.map((name) => name.toLowerCase());
  const focused = () => alice.page.evaluate(() => document.querySelector('dm3-chat').shadowRoot.activeElement?.getAttribute('aria-label'));

  async function add(name) {
    const field = group().getByRole('textbox', { name: 'Add a delivery service' });
    await field.fill(name);
    await field.press('Enter');
  }

  async function openOwn() {
    await alice.button('Account').click();
    await alice.button('Settings').click();
    await alice.button(/^Your account/).click();
    await group().locator('ol').waitFor();
  }

  async function closeOwn() {
    for (const _ of [1, 2]) await alice.button('Back').click();
  }

  before(async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await openOwn();
  });

  test('the node’s own is the only one, and stays', async () => {
    assert.deepEqual(await rows(), [`1. ${FIRST}`]);
    await says('Connected');
    const remove = group().getByRole('button', { name: `Remove ${FIRST}`, exact: true });
    assert.equal(await remove.getAttribute('aria-disabled'), 'true');
    await looksRight(alice, 'services');
    await isAccessible(alice, 'services');
  });

  test('what can’t be listed is said, and neither the wallet nor anybody else is told', async () => {
    const before = await alice.prompts();
    const posts = [];
    alice.page.on('request', (request) => request.method() === 'POST' && /\/profile\//.test(request.url()) && posts.push(request.url()));
    await add('b b.eth');
    await wrong('can’t stand here in an ENS name');
    await add('nobody-has-this.eth');
    await wrong('Nothing is known of the name nobody-has-this.eth.');
    await add('bob.eth');
    await wrong('bob.eth is no delivery service.');
    await add(FIRST.toUpperCase());
    await wrong(`${FIRST} is in the list already.`);
    await world().net.second.stopNode();
    await add(SECOND);
    await wrong(`${SECOND} can’t be reached now, or not from this page. Nothing has changed.`);
    await looksRight(alice, 'services-wrong');
    await isAccessible(alice, 'services-wrong');
    await world().net.second.startNode();
    assert.deepEqual([await rows(), await alice.prompts(), posts], [[`1. ${FIRST}`], before, []]);
  });

  test('another one is added and put first with the keyboard, and what happens then is told before it does', async () => {
    await add(SECOND);
    await until('it is there', async () => (await rows()).length === 2);
    await says('New, not published yet');
    await says(`Messages to you go to ${FIRST} first, then, if that can’t be reached, to ${SECOND}.`);
    await group().getByRole('button', { name: `Move up ${SECOND}`, exact: true }).focus();
    await alice.page.keyboard.press('Enter');
    await says(`Messages to you go to ${SECOND} first, then, if that can’t be reached, to ${FIRST}.`);
    assert.deepEqual(await rows(), [`1. ${SECOND}`, `2. ${FIRST}`]);
    await until('the focus went along', async () => (await focused()) === `Move up ${SECOND}`);
    await looksRight(alice, 'services-changed');
    await isAccessible(alice, 'services-changed');
    assert.deepEqual(await published(), [FIRST]);
  });

  test('a node that takes no new accounts says so, and nothing is published', async () => {
    const { net } = world();
    await net.second.operateNode('registration', 'stop');
    // Serving processes look every second whether their operator did something.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await alice.refuseNextSignature();
    await press('Sign and publish');
    await wrong('You declined the request in your wallet.');
    await press('Sign and publish');
    await wrong(`${SECOND} does not take your account. Nothing has changed. It says: this server takes no new accounts`);
    await looksRight(alice, 'services-refused');
    await isAccessible(alice, 'services-refused');
    assert.deepEqual(await published(), [FIRST]);
    await net.second.operateNode('registration', 'start');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  });

  test('what was signed goes on without another prompt, and others find it', async () => {
    const before = await alice.signatures();
    await press('Try again');
    await says('Published: others find these delivery services now.');
    assert.deepEqual([await published(), await alice.signatures()], [[SECOND, FIRST], before]);
    await until('both are connected', async () => (await group().getByText('Connected', { exact: true }).count()) === 2);
    await looksRight(alice, 'services-done');
    await isAccessible(alice, 'services-done');
  });

  test('a message goes to the one that stands first now, and arrives without a warning', async () => {
    const submitted = bob.page.waitForRequest((request) => request.url().startsWith(`${world().net.second.nodeUrl}/ds/rpc`) && /submitMessage/.test(request.postData() ?? ''));
    await bob.writeTo('alice.eth');
    await bob.send('To the second one');
    await submitted;
    assert.doesNotMatch(await bob.text(), /new keys|earlier profile/);
    await closeOwn();
    await alice.openRow(/bob\.eth/);
    await alice.sees('To the second one');
    await alice.send('It came');
    await bob.sees('It came');
    await alice.back();
  });

  test('one that is left is told to be read for a while, and so it is: from who has the former list, and after a reload', async () => {
    await openOwn();
    await press(`Remove ${FIRST}`);
    await says('Will be left');
    await until('the focus is at the way back', async () => (await focused()) === `Keep ${FIRST}`);
    await says(`Messages to you go to ${SECOND} alone.`);
    await says(`What waits at ${FIRST} is still fetched, and so is what comes there within 30 days`);
    await says(`${FIRST} also keeps what your devices share`);
    await looksRight(alice, 'services-leaving');
    await isAccessible(alice, 'services-leaving');
    // For bob the second one is away from now on; what he knows of alice he believes for a minute.
    await bob.page.route(`${world().net.second.nodeUrl}/ds/rpc`, (route) => route.abort());
    await bob.send('Before you left it');
    await press('Sign and publish');
    await says('Published: others find these delivery services now.');
    await bob.send('After you left it');
    assert.deepEqual([await published(), await rows()], [[SECOND], [`1. ${SECOND}`]]);
    await says(/Left\. What comes there is fetched until/);
    await closeOwn();
    await alice.openRow(/bob\.eth/);
    await alice.sees('Before you left it');
    await alice.sees('After you left it');
    await alice.reload();
    await openOwn();
    assert.deepEqual(await rows(), [`1. ${SECOND}`]);
    await says(/Left\. What comes there is fetched until/);
    await looksRight(alice, 'services-left');
    await isAccessible(alice, 'services-left');
  });

  test('another device of the account has the new list, too', async () => {
    const phone = await world().person('alice', { context: { viewport: { width: 390, height: 844 } } });
    await phone.signIn();
    await bob.page.unroute(`${world().net.second.nodeUrl}/ds/rpc`);
    await alice.leave();
    await bob.send('To all of your devices');
    await phone.openRow(/bob\.eth/);
    await phone.sees('To all of your devices');
    await phone.leave();
  });

  test('nothing broke the page or its policy', () => world().assertNoFaults());
});

// The reference's published client libraries, unmodified, against the node: `dm3-lib-profile` looks names up with its
// own ethers 5, `dm3-lib-delivery-api` registers, submits over its own socket.io client and manages notifications.
//
// Not from a library is what the published ones can't: `getChallenge` and `getNewToken` of that version read members
// that the deployed servers' answers have not, and the libraries that fetch, acknowledge and store are not published.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { sign } from '@dm3-org/dm3-lib-crypto';
import profileLibrary from '@dm3-org/dm3-lib-profile';
import { Dm3Client, aliasOf } from '../e2e/client.mjs';
import { NODE_NAME } from './chain.mjs';
import { startLocalnet } from './index.mjs';

// Read when the library is loaded: the path below the delivery service's address.
process.env.REACT_APP_BACKEND = '';
const require = createRequire(import.meta.url);
const api = require('@dm3-org/dm3-lib-delivery-api');
const fromApi = createRequire(require.resolve('@dm3-org/dm3-lib-delivery-api'));
const { io } = fromApi('socket.io-client');
const { ethers } = createRequire(require.resolve('@dm3-org/dm3-lib-profile'))('ethers');

const { getDeliveryServiceProfile, getUserProfile } = profileLibrary;

/** The next event of a socket, whatever it is. */
const next = (socket) => new Promise((resolve) => socket.onAny((...event) => resolve(event)));

describe('the published client libraries', () => {
  let net;
  let provider;
  const sockets = [];

  /** Somebody who has registered through the library. */
  async function signedUp(label) {
    const { address, privateKey } = net.accounts.find((account) => account.label === label);
    const client = new Dm3Client(net, { address, privateKey });
    const signedProfile = await client.makeProfile();
    const account = { ensName: aliasOf(address), profile: signedProfile.profile };
    for (const base of ['ds', 'api']) {
      const receipt = await api.submitUserProfile(`${net.nodeUrl}/${base}`, account, signedProfile);
      assert.equal(receipt.split('.').length, 3);
    }
    return { address, client, account, signedProfile };
  }

  async function connected({ client, account }) {
    const token = await client.logIn();
    const socket = io(net.nodeUrl, { transports: ['websocket'], auth: { account, token } });
    sockets.push(socket);
    assert.deepEqual(await next(socket), ['authorized']);
    return { socket, token };
  }

  before(async () => {
    net = await startLocalnet();
    const network = { chainId: net.chainId, name: 'local', ensAddress: net.registry };
    provider = new ethers.providers.StaticJsonRpcProvider(net.rpcUrl, network);
  });
  after(async () => {
    sockets.forEach((socket) => socket.close());
    provider?.removeAllListeners();
    await net?.stop();
  });

  test('find a profile that was registered through them, and the delivery service', async () => {
    const alice = await signedUp('alice');
    assert.equal(await getUserProfile(provider, alice.account.ensName), undefined);
    await alice.client.signUp();
    assert.deepEqual(await getUserProfile(provider, alice.account.ensName), alice.signedProfile);
    const service = await getDeliveryServiceProfile(NODE_NAME, provider, assert.fail);
    assert.deepEqual(service, {
      publicEncryptionKey: net.nodeKeys.publicEncryptionKey,
      publicSigningKey: net.nodeKeys.publicSigningKey,
      url: `${net.nodeUrl}/ds`,
    });
  });

  test('submit over a socket what arrives at another, and is fetched and acknowledged as deployed', async () => {
    const alice = await signedUp('dave');
    const bob = await signedUp('bob');
    for (const { client } of [alice, bob]) await client.signUp();
    const [alices, bobs] = [await connected(alice), await connected(bob)];
    const arrives = next(bobs.socket);
    const envelope = await alice.client.envelope({ to: bob.account.ensName, text: 'over the socket' });
    await new Promise((resolve, reject) => {
      api.sendMessage(alices.socket, alices.token, envelope, resolve, () => reject(new Error('refused')));
    });
    const [event, pushed] = await arrives;
    assert.equal(event, 'message');
    assert.equal((await bob.client.open(pushed)).message, 'over the socket');
    const refused = { ...envelope, more: 1 };
    await new Promise((resolve, reject) => {
      api.sendMessage(alices.socket, alices.token, refused, () => reject(new Error('taken')), resolve);
    });

    const [fetched] = await bob.client.incoming(bobs.token);
    assert.equal((await bob.client.open(fetched)).message, 'over the socket');
    const acknowledged = { contactAddress: alice.account.ensName, messageHash: fetched.metadata.messageHash };
    const path = `/ds/delivery/messages/${bob.account.ensName}/syncAcknowledgements/`;
    const response = await fetch(`${net.nodeUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bobs.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ acknowledgements: [acknowledged] }),
    });
    assert.equal(response.status, 200);
    assert.deepEqual(await bob.client.incoming(bobs.token), []);
  });

  test('read the properties and manage notifications', async () => {
    const carol = await signedUp('carol');
    await carol.client.signUp();
    const token = await carol.client.logIn();
    const properties = await api.getDeliveryServiceProperties(provider, carol.account);
    assert.equal(properties.sizeLimit, 100_000);
    const ask = (name, ...rest) => api[name](carol.account, provider, token, ...rest);
    assert.deepEqual(await ask('getGlobalNotification'), { data: { isEnabled: false }, status: 200 });
    assert.deepEqual(await ask('toggleGlobalNotifications', true), { data: 'OK', status: 200 });
    assert.deepEqual(await ask('getGlobalNotification'), { data: { isEnabled: true }, status: 200 });
    assert.deepEqual(await ask('getAllNotificationChannels'), { data: { notificationChannels: [] }, status: 200 });
    // No mail server is set up here. Of a refusal the library tells nothing but that there is no answer.
    const refused = { data: undefined, status: undefined };
    assert.deepEqual(await ask('addNotificationChannel', 'carol@example.org', 'EMAIL'), refused);
    assert.deepEqual(await ask('removeNotificationChannel', 'EMAIL'), refused);
    assert.deepEqual(await ask('toggleGlobalNotifications', false), { data: 'OK', status: 200 });
    assert.deepEqual(await ask('getGlobalNotification'), { data: { isEnabled: false }, status: 200 });
  });

  test('a session is what an answered challenge gives', async () => {
    const { client, account, address } = await signedUp('mallory');
    await client.signUp();
    const challenge = await (await fetch(`${net.nodeUrl}/ds/auth/${aliasOf(address)}`)).json();
    assert.equal(JSON.parse(atob(challenge.split('.')[1])).account, account.ensName);
    const socket = io(net.nodeUrl, { transports: ['websocket'], auth: { account, token: challenge } });
    sockets.push(socket);
    const error = await new Promise((resolve) => socket.on('connect_error', resolve));
    assert.equal(error.message, 'check token has failed for WS');
  });
});

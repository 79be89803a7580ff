// A small dm3 client over the reference's libraries, for tests that need a peer who is not our element – and one
// who does not keep to the rules.

import { Wallet } from 'ethers';
import {
  createKeyPair,
  createSigningKeyPair,
  createStorageKey,
  decryptAsymmetric,
  encryptAsymmetric,
  getStorageKeyCreationMessage,
  sign,
} from '@dm3-org/dm3-lib-crypto';
import profileLibrary from '@dm3-org/dm3-lib-profile';
import sharedLibrary from '@dm3-org/dm3-lib-shared';
import { ADDRESS_DOMAIN, NODE_NAME, ensProvider } from '../localnet/chain.mjs';

const { DEFAULT_NONCE, createProfileKeys, getProfileCreationMessage } = profileLibrary;
const { sha256, stringify } = sharedLibrary;

export const aliasOf = (address) => `${address.toLowerCase()}.${ADDRESS_DOMAIN}`;

async function request(url, options = {}) {
  const response = await fetch(url, {
    ...options,
    headers: { ...(options.body && { 'content-type': 'application/json' }), ...options.headers },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${options.method ?? 'GET'} ${url}: ${response.status} ${text}`);
  return text;
}

const post = (url, value, headers) => request(url, { method: 'POST', body: JSON.stringify(value), headers });

/** Encrypts as the wire wants it: the canonical JSON text of the payload. */
const seal = async (publicKey, text) => stringify(await encryptAsymmetric(publicKey, text));

/** The record of a name's profile, as the chain (and through it a node's gateway) tells it; null if there is none. */
export async function profileRecord(net, name) {
  const provider = ensProvider(net);
  try {
    const resolver = await provider.getResolver(name);
    return (await resolver?.getText('network.dm3.profile')) || null;
  } finally {
    provider.destroy();
  }
}

/** The profile behind a name. */
export async function resolveProfile(net, name) {
  const record = await profileRecord(net, name);
  return record && JSON.parse(record.replace(/^data:application\/json,/, '')).profile;
}

export class Dm3Client {
  #net;
  #wallet;
  #keys;

  constructor(net, { address, privateKey }) {
    this.#net = net;
    this.#wallet = new Wallet(privateKey);
    this.alias = aliasOf(address);
  }

  /**
   * Derives the keys from the wallet's signature; the profile, signed by the wallet. `service` is the delivery
   * service's name as it is spelled there.
   */
  async makeProfile({ nonce = DEFAULT_NONCE, service = NODE_NAME } = {}) {
    const { address } = this.#wallet;
    const signature = await this.#wallet.signMessage(getStorageKeyCreationMessage(nonce, address));
    this.#keys = await createProfileKeys(await createStorageKey(signature), nonce);
    const profile = {
      publicEncryptionKey: this.#keys.encryptionKeyPair.publicKey,
      publicSigningKey: this.#keys.signingKeyPair.publicKey,
      deliveryServices: [service],
    };
    return {
      profile,
      signature: await this.#wallet.signMessage(getProfileCreationMessage(stringify(profile), address)),
    };
  }

  /** Publishes the profile, as the reference does. */
  async signUp(options) {
    const { address } = this.#wallet;
    const signedUserProfile = await this.makeProfile(options);
    const { nodeUrl } = this.#net;
    await post(`${nodeUrl}/resolver-handler/profile/address`, {
      signedUserProfile,
      address,
      subdomain: ADDRESS_DOMAIN,
    });
    await post(`${nodeUrl}/ds/profile/${this.alias}`, signedUserProfile);
    return signedUserProfile;
  }

  /** Proves the profile key to the delivery service; returns the token. */
  async logIn() {
    const url = `${this.#net.nodeUrl}/ds/auth/${this.alias}`;
    const challenge = JSON.parse(await request(url));
    const signature = await sign(this.#keys.signingKeyPair.privateKey, challenge);
    return JSON.parse(await post(url, { challenge, signature }));
  }

  /** What waits at the delivery service. */
  async incoming(token) {
    const url = `${this.#net.nodeUrl}/ds/delivery/messages/incoming/${this.alias}/`;
    return JSON.parse(await request(url, { headers: { authorization: `Bearer ${token}` } }));
  }

  /** Opens an envelope that was sealed for this client. */
  async open({ message }) {
    return JSON.parse(await decryptAsymmetric(this.#keys.encryptionKeyPair, JSON.parse(message)));
  }

  /** The texts of the messages that wait at the delivery service. */
  async texts() {
    const envelopes = await this.incoming(await this.logIn());
    return Promise.all(envelopes.map(async (envelope) => (await this.open(envelope)).message));
  }

  /**
   * A signed message, with the members that the reference app writes for its type. `from` and `signWith` default to the
   * truth.
   */
  async message({ to, text, type = 'NEW', about, attachments, from = this.alias, signWith = this.#keys.signingKeyPair.privateKey }) {
    const reference = about && { referenceMessageHash: about };
    const attached = attachments ?? (type === 'NEW' ? undefined : []);
    const body = type === 'DELETE_REQUEST' ? {} : { message: text, ...(attached && { attachments: attached }) };
    const unsigned = { ...body, metadata: { to, from, timestamp: Date.now(), type, ...reference } };
    return { ...unsigned, signature: await sign(signWith, stringify(unsigned)) };
  }

  /** By what others refer to a message. */
  static hashOf(message) {
    return sha256(stringify(message));
  }

  /** Sends an honest message of any type; returns its hash. */
  async tell(to, options) {
    const message = await this.message({ to, ...options });
    await this.submit({ to, plaintext: stringify(message) });
    return Dm3Client.hashOf(message);
  }

  /**
   * Seals `plaintext` and submits it to the node for `to`.
   *
   * `sealFor` is the key that can open it: the receiver's own, unless the test is about something else.
   */
  async submit(options) {
    return post(`${this.#net.nodeUrl}/ds/rpc`, {
      jsonrpc: '2.0',
      method: 'dm3_submitMessage',
      params: [JSON.stringify(await this.seal(options))],
    });
  }

  /** An honest message in its envelope. */
  async envelope({ to, text }) {
    return this.seal({ to, plaintext: stringify(await this.message({ to, text })) });
  }

  /** `plaintext` in an envelope for `to`. */
  async seal({ to, plaintext, from = this.alias, sealFor }) {
    const key = sealFor ?? (await resolveProfile(this.#net, to)).publicEncryptionKey;
    const metadata = {
      encryptionScheme: 'x25519-chacha20-poly1305',
      deliveryInformation: await seal(this.#net.nodeKeys.publicEncryptionKey, stringify({ to, from })),
      messageHash: sha256(plaintext),
      version: 'v1',
    };
    return {
      message: await seal(key, plaintext),
      metadata: { ...metadata, signature: await sign(this.#keys.signingKeyPair.privateKey, stringify(metadata)) },
    };
  }

  /** Sends an honest message. */
  async send(to, text) {
    return this.submit({ to, plaintext: stringify(await this.message({ to, text })) });
  }

  static serialize = stringify;

  /** A signing key that belongs to nobody. */
  static async strayKey() {
    return (await createSigningKeyPair()).privateKey;
  }

  /** An encryption key whose private half nobody keeps. */
  static async strayEncryptionKey() {
    return (await createKeyPair()).publicKey;
  }
}

// The core against the reference's published libraries, in both directions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import crypto from '@dm3-org/dm3-lib-crypto';
import profiles from '@dm3-org/dm3-lib-profile';
import shared from '@dm3-org/dm3-lib-shared';
import { Wallet, hexlify } from 'ethers';
import { loadCore } from './build.mjs';
import { everyCase, randomFor } from './random.mjs';

const core = await loadCore();
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const wallet = (random) => new Wallet(hexlify(random.bytes(32)));

test('keys follow from a signature as in the reference', async () => {
  const random = randomFor('keys');
  await everyCase(async () => {
    const signature = hexlify(random.bytes(65));
    const seed = core.seedOf(signature);
    assert.equal(seed, await crypto.createStorageKey(signature));
    const theirs = await profiles.createProfileKeys(seed, 'nonce');
    assert.equal(core.Receiver.ofSeed(seed).publicKey(), theirs.encryptionKeyPair.publicKey);
    assert.equal(core.Receiver.ofSecret(theirs.encryptionKeyPair.privateKey).publicKey(), theirs.encryptionKeyPair.publicKey);
    assert.equal(core.Signer.ofSeed(seed).publicKey(), theirs.signingKeyPair.publicKey);
  });
});

test('the text that keys are derived from is the same', async () => {
  const random = randomFor('key messages');
  await everyCase(() => {
    const { address } = wallet(random);
    const nonce = random.text();
    assert.equal(core.keyMessage(address, nonce), crypto.getStorageKeyCreationMessage(nonce, address));
  });
});

test('what the core seals the reference opens', async () => {
  const random = randomFor('seal');
  await everyCase(async () => {
    const pair = await crypto.createKeyPair(base64(random.bytes(32)));
    const text = random.text(random.pick([0, 10, 200, 2000]));
    const sealed = core.seal(text, pair.publicKey, random.bytes(44));
    assert.equal(sealed, shared.stringify(JSON.parse(sealed)));
    assert.equal(await crypto.decryptAsymmetric(pair, JSON.parse(sealed)), text);
  });
});

test('what the reference seals the core opens', async () => {
  const random = randomFor('open');
  await everyCase(async () => {
    const receiver = core.Receiver.ofSeed(base64(random.bytes(32)));
    const text = random.text(random.pick([0, 10, 200, 2000]));
    const sealed = await crypto.encryptAsymmetric(receiver.publicKey(), text);
    assert.equal(receiver.open(shared.stringify(sealed)), text);
    const other = core.Receiver.ofSeed(base64(random.bytes(32)));
    assert.throws(() => other.open(shared.stringify(sealed)));
  });
});

test('a changed sealed text opens on neither side', async () => {
  const random = randomFor('damage');
  await everyCase(async () => {
    const seed = base64(random.bytes(32));
    const pair = await crypto.createKeyPair(seed);
    const sealed = JSON.parse(core.seal(random.text(), pair.publicKey, random.bytes(44)));
    const bytes = Buffer.from(sealed.ciphertext, 'base64');
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    sealed.ciphertext = base64(bytes);
    assert.throws(() => core.Receiver.ofSeed(seed).open(shared.stringify(sealed)));
    await assert.rejects(async () => crypto.decryptAsymmetric(pair, sealed));
  });
});

test('signatures are the same on both sides and verified by both', async () => {
  const random = randomFor('sign');
  await everyCase(async () => {
    const seed = base64(random.bytes(32));
    const pair = await crypto.createSigningKeyPair(seed);
    const text = random.text(200);
    const signature = core.Signer.ofSeed(seed).sign(text);
    assert.equal(signature, await crypto.sign(pair.privateKey, text));
    assert.ok(await crypto.checkSignature(pair.publicKey, text, signature));
    assert.ok(core.verifies(pair.publicKey, text, signature));
    assert.ok(!core.verifies(pair.publicKey, `${text}.`, signature));
    const damaged = Buffer.from(signature, 'base64');
    damaged[random.below(64)] ^= 1 << random.below(8);
    assert.ok(!core.verifies(pair.publicKey, text, base64(damaged)));
  });
});

test('hashes are the same', async () => {
  const random = randomFor('hashes');
  await everyCase(() => {
    const text = random.text(300);
    assert.equal(core.sha256Hex(text), shared.sha256(text));
  });
});

test('profiles that the core publishes the reference takes, and the other way round', async () => {
  const random = randomFor('profiles');
  await everyCase(async () => {
    const owner = wallet(random);
    const seed = base64(random.bytes(32));
    const services = Array.from({ length: 1 + random.below(3) }, random.name);
    const keys = await profiles.createProfileKeys(seed, '');
    const profile = {
      publicEncryptionKey: keys.encryptionKeyPair.publicKey,
      publicSigningKey: keys.signingKeyPair.publicKey,
      deliveryServices: services,
    };
    const message = profiles.getProfileCreationMessage(shared.stringify(profile), owner.address);
    assert.equal(core.registrationMessage(owner.address, seed, services), message);
    const signature = owner.signMessageSync(message);
    const signed = core.signedProfile(seed, services, signature);
    assert.equal(signed, shared.stringify({ profile, signature }));
    assert.ok(profiles.checkUserProfileWithAddress(JSON.parse(signed), owner.address));
    assert.equal(core.verifyProfile(shared.stringify({ profile, signature }), owner.address), signed);

    const stranger = wallet(random).address;
    assert.ok(!profiles.checkUserProfileWithAddress(JSON.parse(signed), stranger));
    assert.throws(() => core.verifyProfile(signed, stranger));
  });
});

test('a later edition of a profile fits the schema of the reference, whose services it finds under the same names', async () => {
  const random = randomFor('editions');
  await everyCase(() => {
    const owner = wallet(random);
    const seed = base64(random.bytes(32));
    const services = Array.from({ length: 1 + random.below(3) }, random.name);
    const edition = 1 + random.below(15);
    const message = core.registrationMessage(owner.address, seed, services, edition);
    assert.notEqual(message, core.registrationMessage(owner.address, seed, services));
    const signed = core.signedProfile(seed, services, owner.signMessageSync(message), edition);
    const profile = JSON.parse(signed);
    assert.ok(profiles.validateSignedUserProfile(profile));
    assert.ok(profiles.checkUserProfileWithAddress(profile, owner.address));
    assert.deepEqual(profile.profile.deliveryServices.map(profiles.normalizeEnsName), services);
    assert.ok(services.every((name, i) => profiles.isSameEnsName(name, profile.profile.deliveryServices[i])));
    assert.equal(core.verifyProfile(signed, owner.address), signed);
  });
});

test('data URIs that one side writes the other reads', async () => {
  const random = randomFor('data URIs');
  const { isProfile, resolveProfile } = profiles.JsonResolver(() => true);
  await everyCase(async () => {
    const value = { profile: random.value(3), signature: random.text() };
    const json = shared.stringify(value);
    assert.equal(core.dataUriOfJson(json), shared.createJsonDataUri(value));
    assert.equal(core.jsonOfDataUri(shared.createJsonDataUri(value)), json);
    const uri = `data:application/json;base64,${base64(json)}`;
    assert.equal(core.jsonOfDataUri(uri), json);
    if (/^[ -~]*$/.test(json)) {
      assert.ok(isProfile(uri));
      assert.equal(shared.stringify(await resolveProfile(uri)), json);
    }
  });
});

test('a record with a hash vouches for the profile that the reference hashed, and for no other', async () => {
  const random = randomFor('hashed records');
  await everyCase(() => {
    const profile = { profile: random.value(3), signature: random.text() };
    const record = `https://a.example/p?dm3Hash=${shared.sha256(shared.stringify(profile))}`;
    // The hash is over the canonical text, however the server writes it.
    assert.ok(core.recordVouchesFor(record, JSON.stringify(profile, null, random.below(3))));
    const other = { ...profile, signature: `${profile.signature}.` };
    assert.ok(!core.recordVouchesFor(record, JSON.stringify(other)));
  });
});

const SCOPE = 'https://app.example/';

test('links that an account signs are taken on both sides', async () => {
  const random = randomFor('links of accounts');
  await everyCase(async () => {
    const main = wallet(random);
    const [linked, scope] = [random.name(), `${SCOPE}${random.below(1000)}`];
    const options = { ttl: random.pick([undefined, 1 + random.below(10000)]), nonce: random.below(2 ** 40) };
    const link = profiles.createProfileLink(main.address, linked, scope, options);
    const theirs = await profiles.signProfileLink(link, async (text) => main.signMessageSync(text));
    const now = BigInt(link.issuedAt);
    const ours = core.ProfileLink.of(main.address, linked, scope, now, options.ttl && BigInt(options.ttl), BigInt(link.nonce));
    const signed = ours.signed(main.signMessageSync(ours.message()));
    assert.equal(signed, shared.stringify(theirs));
    assert.ok(await profiles.verifyProfileLink(JSON.parse(signed)));
    assert.equal(core.verifyLinkByAccount(signed, main.address, linked, scope, now), ours.message());

    const forged = { ...theirs, profileLink: { ...link, nonce: link.nonce + 1 } };
    assert.ok(!(await profiles.verifyProfileLink(forged)));
    assert.throws(() => core.verifyLinkByAccount(shared.stringify(forged), main.address, linked, scope, now));
  });
});

test('links that a profile signs are taken on both sides', async () => {
  const random = randomFor('links of profiles');
  await everyCase(async () => {
    const owner = wallet(random);
    const [seed, stranger] = [base64(random.bytes(32)), base64(random.bytes(32))];
    const [main, linked] = [random.name(), random.name()];
    const keys = await profiles.createProfileKeys(seed, '');
    const message = core.registrationMessage(owner.address, seed, ['ds.eth']);
    const profile = core.signedProfile(seed, ['ds.eth'], owner.signMessageSync(message));
    const link = profiles.createProfileLink(main, linked, SCOPE, { ttl: 60, nonce: random.below(1000) });
    const sign = (text) => crypto.sign(keys.signingKeyPair.privateKey, text);
    const theirs = await profiles.signProfileLink(link, sign);
    const now = BigInt(link.issuedAt);
    const ours = core.ProfileLink.of(main, linked, SCOPE, now, 60n, BigInt(link.nonce));
    assert.equal(ours.sign(seed), shared.stringify(theirs));
    assert.ok(await profiles.verifyProfileLink(JSON.parse(ours.sign(seed)), keys.signingKeyPair.publicKey));
    const verify = (json) => core.verifyLinkByProfile(json, main, profile, owner.address, linked, SCOPE, now);
    assert.equal(verify(shared.stringify(theirs)), ours.message());

    const forged = ours.sign(stranger);
    assert.ok(!(await profiles.verifyProfileLink(JSON.parse(forged), keys.signingKeyPair.publicKey)));
    assert.throws(() => verify(forged));
  });
});

test('names in the storage are sealed alike and opened by both', async () => {
  const random = randomFor('stored names');
  await everyCase(async () => {
    const { privateKey } = await crypto.createKeyPair(base64(random.bytes(32)));
    const [owner, name] = [random.name(), random.text(60)];
    const nonce = shared.sha256(owner).slice(0, 26);
    // As the deployed client does it: one nonce for the account, no padding to speak of.
    const theirs = shared.stringify(await crypto.encrypt(privateKey, name, nonce, 1));
    const ours = core.sealName(privateKey, owner, name);
    assert.equal(ours, base64(theirs));
    assert.equal(core.openName(privateKey, owner, base64(theirs)), name);
    assert.equal(await crypto.decrypt(privateKey, JSON.parse(Buffer.from(ours, 'base64')), 1), name);
    const { privateKey: other } = await crypto.createKeyPair(base64(random.bytes(32)));
    assert.throws(() => core.openName(other, owner, ours));
  });
});

test('containers that the reference seals the core opens, and seals again for the reference', async () => {
  const random = randomFor('containers');
  await everyCase(async () => {
    const pair = await crypto.createKeyPair(base64(random.bytes(32)));
    const hash = shared.sha256(random.text());
    const message = {
      message: random.text(200),
      signature: base64(random.bytes(64)),
      metadata: { from: random.name(), to: random.name(), timestamp: random.below(2 ** 42), type: 'NEW', x: random.value(2) },
    };
    const content = {
      envelop: { message, metadata: { messageHash: hash, y: random.value(2) } },
      messageState: random.below(5),
      [`z${random.text(6)}`]: random.value(3),
    };
    const sealed = await crypto.encryptAsymmetric(pair.publicKey, shared.stringify(content));
    const container = base64(shared.stringify(sealed));
    const [claimed, again] = core.resealContainer(pair.privateKey, container, random.bytes(44));
    assert.equal(claimed, hash);
    assert.equal(await crypto.decryptAsymmetric(pair, JSON.parse(again)), shared.stringify(content));
  });
});

test('plain names have the normal form of the reference', async () => {
  const random = randomFor('names');
  await everyCase(() => {
    const name = random.name();
    const typed = [...name].map((c) => (random.below(2) ? c.toUpperCase() : c)).join('');
    assert.equal(core.normalize(typed), profiles.normalizeEnsName(typed));
  });
});

// Runs in the browser: compares what both sides make, then times them in turns and keeps the best round of each.
import sodium from 'libsodium-wrappers';
import init, {
  Receiver, Signer, libraryPublicKeyOf, publicKeyOf, seal, verifies, x25519,
} from 'dm3-core-wasm';

/** Many short rounds: on a machine that does other things, too, some of them are left alone. */
const ROUNDS = 400;
/** How long a round of one task lasts at least, in milliseconds. The page is isolated, so the clock has steps of 5 µs. */
const ROUND = 2;
const PAD = 2048;
/** What the packets' lengths come to: the message and its pad byte fill one block, or 32. */
const SIZES = [['2 KiB', 2047], ['64 KiB', 65_535]];

try {
  await Promise.all([init({ module_or_path: '/core.wasm' }), sodium.ready]);
  window.result = { libsodium: measure(tasks()), library: measure(ownCode()) };
} catch (error) {
  window.failure = String(error.stack ?? error);
}

function tasks() {
  const { to_base64, from_base64, to_hex, from_hex, base64_variants } = sodium;
  const b64 = (bytes) => to_base64(bytes, base64_variants.ORIGINAL);
  const raw = (text) => from_base64(text, base64_variants.ORIGINAL);
  const seed = sodium.randombytes_buf(32);
  const random = sodium.randombytes_buf(44);

  const receiver = Receiver.ofSeed(b64(seed));
  const pair = sodium.crypto_kx_seed_keypair(seed);
  const publicKey = b64(pair.publicKey);
  same('public keys', receiver.publicKey(), publicKey);

  // The steps and the JSON of the reference's encryptAsymmetric and decryptAsymmetric.
  const sodiumSeal = (text) => {
    const ephemeral = sodium.crypto_kx_seed_keypair(random.subarray(0, 32));
    const { sharedTx } = sodium.crypto_kx_client_session_keys(ephemeral.publicKey, ephemeral.privateKey, raw(publicKey));
    const nonce = random.subarray(32);
    const padded = sodium.pad(sodium.from_string(text), PAD);
    const ciphertext = sodium.crypto_aead_chacha20poly1305_ietf_encrypt(padded, null, null, nonce, sharedTx);
    return JSON.stringify({
      ciphertext: b64(ciphertext),
      ephemPublicKey: b64(ephemeral.publicKey),
      nonce: `0x${to_hex(nonce)}`,
    });
  };
  const sodiumOpen = (sealed) => {
    const { ciphertext, ephemPublicKey, nonce } = JSON.parse(sealed);
    const { sharedRx } = sodium.crypto_kx_server_session_keys(pair.publicKey, pair.privateKey, raw(ephemPublicKey));
    const padded = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
      null, raw(ciphertext), null, from_hex(nonce.slice(2)), sharedRx,
    );
    return sodium.to_string(sodium.unpad(padded, PAD));
  };

  const list = [];
  for (const [name, length] of SIZES) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    const sealed = sodiumSeal(text);
    list.push([`seal ${name}`, () => seal(text, publicKey, random), () => sodiumSeal(text)]);
    list.push([`open ${name}`, () => receiver.open(sealed), () => sodiumOpen(sealed)]);
  }

  const signer = Signer.ofSeed(b64(seed));
  const signing = sodium.crypto_sign_seed_keypair(seed);
  const signingKey = b64(signing.publicKey);
  same('signing keys', signer.publicKey(), signingKey);
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(10);
  const signature = signer.sign(text);
  list.push(['Ed25519 sign', () => signer.sign(text), () => b64(sodium.crypto_sign_detached(text, signing.privateKey))]);
  list.push([
    'Ed25519 verify',
    () => verifies(signingKey, text, signature),
    () => sodium.crypto_sign_verify_detached(raw(signature), text, raw(signingKey)),
  ]);
  const other = sodium.crypto_kx_seed_keypair(random.subarray(0, 32)).publicKey;
  list.push([
    'X25519',
    () => b64(x25519(pair.privateKey, other)),
    () => b64(sodium.crypto_scalarmult(pair.privateKey, other)),
  ]);
  return list;
}

/** What the core composes itself of curve25519-dalek's points, against x25519-dalek. */
function ownCode() {
  const b64 = (bytes) => sodium.to_base64(bytes, sodium.base64_variants.ORIGINAL);
  const secret = sodium.randombytes_buf(32);
  return [["a sealed text's key pair", () => b64(publicKeyOf(secret)), () => b64(libraryPublicKeyOf(secret))]];
}

function same(what, ours, theirs) {
  if (ours !== theirs) throw new Error(`${what} differ: ${ours} and ${theirs}`);
}

function measure(list) {
  for (const [task, ours, theirs] of list) same(`results of ${task}`, ours(), theirs());
  return list.map(([task, ours, theirs]) => {
    const best = { ours: Infinity, theirs: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      best.ours = Math.min(best.ours, time(ours));
      best.theirs = Math.min(best.theirs, time(theirs));
    }
    return { task, ...best };
  });
}

/** Microseconds a run. */
function time(task) {
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < ROUND) {
    for (let i = 0; i < 4; i++) task();
    runs += 4;
  }
  return ((performance.now() - start) * 1000) / runs;
}

// Whether hostile clients make a well-behaved one wait: a small node, one kind of hostile client after the other,
// and meanwhile, twenty times a second, the time of a read and of a durable write (a login) by somebody else.
//
// The bar is 100 ms. The hostile clients run in a thread of their own, on the same machine as everything else.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { connect } from 'node:net';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const SECONDS = 6;
const PAUSE = 50;
const BAR = 100;
const CLIENTS = 120;

const GET = 'GET /ds/hello HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /ds/rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** What a hostile client of each kind writes, and whether it goes on for ever. */
const KINDS = {
  nobody: null,
  silent: { first: '' },
  'slow head': { first: GET, then: () => 'X-A: b\r\n', every: 200 },
  'slow body': { first: `${POST}Content-Length: 900000\r\n\r\n`, then: () => 'x', every: 200 },
  'huge head': { first: `${GET}X-A: ${'a'.repeat(1_000_000)}\r\n\r\n`, again: true },
  'huge body': { first: `${POST}Content-Length: 50000000\r\n\r\n${'x'.repeat(5_000_000)}`, again: true },
  'deep JSON': { first: body('['.repeat(400_000)), again: true },
  'broken envelopes': { first: body(submission(`{"message":"${'a'.repeat(90_000)}","metadata":{}}`)), again: true },
  'requests without reading': { first: `${GET}\r\n`.repeat(2000), then: () => `${GET}\r\n`.repeat(200), every: 50, deaf: true },
  'many connections': { first: '', again: true, hasty: true },
};

function body(text) {
  return `${POST}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function submission(envelope) {
  return JSON.stringify({ jsonrpc: '2.0', method: 'dm3_submitMessage', params: [envelope] });
}

function attack({ port, kind }) {
  const { first, then, every, again, deaf, hasty } = KINDS[kind];
  const open = () => {
    const socket = connect(port, '127.0.0.1');
    let timer;
    socket.on('error', () => {});
    socket.on('connect', () => {
      socket.write(first);
      if (deaf) socket.pause();
      else socket.resume();
      if (then) timer = setInterval(() => socket.writableLength < 1e6 && socket.write(then()), every);
      if (hasty) setTimeout(() => socket.destroy(), 5);
    });
    socket.on('close', () => {
      clearInterval(timer);
      // One that was sent away comes back, but not in a loop without a pause.
      if (again) setTimeout(open, 10);
    });
  };
  for (let n = 0; n < CLIENTS; n += 1) open();
}

if (!isMainThread && workerData?.hostile) attack(workerData.hostile);

const post = (url, value) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });

/** Somebody who logs in again and again: each time a challenge is read and its answer stored durably. */
async function client(net) {
  const { Wallet } = await import('ethers');
  const wallet = Wallet.createRandom();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const profile = {
    deliveryServices: ['ds.dm3.eth'],
    publicEncryptionKey: randomBytes(32).toString('base64'),
    publicSigningKey: Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64'),
  };
  const text =
    `dm3.chat wants you register your dm3 profile with your Ethereum account:\n${wallet.address}\n\n` +
    'This is required only once!\n(There is no paid transaction initiated. The signature is used off-chain only.)' +
    `\n\nURI: https://dm3.chat\nVersion: 1\ndm3 Profile: ${JSON.stringify(profile)}`;
  const name = `${wallet.address.toLowerCase()}.addr.dm3.eth`;
  const registered = await post(`${net.nodeUrl}/ds/profile/${name}`, { profile, signature: await wallet.signMessage(text) });
  if (!registered.ok) throw new Error(`registration: ${registered.status} ${await registered.text()}`);
  const url = `${net.nodeUrl}/ds/auth/${name}`;
  const challenge = async () => {
    const reply = await fetch(url);
    if (!reply.ok) throw new Error(`challenge: ${reply.status}`);
    return reply.json();
  };
  return {
    read: challenge,
    async write() {
      const asked = await challenge();
      const started = performance.now();
      const signature = sign(null, Buffer.from(asked), privateKey).toString('base64');
      const reply = await post(url, { challenge: asked, signature });
      if (!reply.ok) throw new Error(`login: ${reply.status}`);
      await reply.text();
      return performance.now() - started;
    },
  };
}

const quantile = (times, q) => times[Math.min(times.length - 1, Math.floor(times.length * q))];

async function measure(net, somebody, kind) {
  const port = Number(new URL(net.nodeUrl).port);
  const worker = KINDS[kind] && new Worker(fileURLToPath(import.meta.url), { workerData: { hostile: { port, kind } } });
  const [reads, writes] = [[], []];
  let failed = 0;
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const started = performance.now();
    try {
      await somebody.read();
      reads.push(performance.now() - started);
      writes.push(await somebody.write());
    } catch {
      failed += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await worker?.terminate();
  for (const times of [reads, writes]) times.sort((a, b) => a - b);
  return { kind, reads, writes, failed };
}

export async function run() {
  const { startLocalnet } = await import('../localnet/index.mjs');
  // The well-behaved client has the same address as the hostile ones, so theirs must not use up its connections.
  const net = await startLocalnet({ settings: { max_connections_per_address: 2 * CLIENTS } });
  try {
    const somebody = await client(net);
    const ms = (time) => (time === undefined ? '–' : time.toFixed(1)).padStart(8);
    console.log(`${CLIENTS} hostile clients, ${SECONDS} s each; milliseconds; the bar is ${BAR}\n`);
    console.log(`${'hostile clients'.padEnd(26)} read p50     p99     max   write p50     p99     max   failed`);
    let over = 0;
    for (const kind of Object.keys(KINDS)) {
      const { reads, writes, failed } = await measure(net, somebody, kind);
      const shown = [reads, writes].map((times) => [0.5, 0.99, 1].map((q) => ms(quantile(times, q))).join(''));
      console.log(`${kind.padEnd(26)} ${shown[0]}    ${shown[1]}   ${String(failed).padStart(6)}`);
      over += Number((reads.at(-1) ?? Infinity) > BAR || (writes.at(-1) ?? Infinity) > BAR || failed > 0);
    }
    console.log(over === 0 ? '\nnobody waited longer than the bar' : `\n${over} kinds made somebody wait longer`);
  } finally {
    await net.stop();
  }
}

// What the core reads of votes, at OpenZeppelin's governor on a real chain.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Interface, id, toBeHex } from 'ethers';
import { Sender, deployer, people, rpc, startAnvil } from './chain.mjs';
import { freePort } from './process.mjs';
import { runExample } from './program.mjs';
import { compileSolidity } from './solidity.mjs';

const EACH = 10n ** 18n;
const { Council, VotingToken } = compileSolidity('Votes.sol', { evmVersion: 'cancun' });
const [AGAINST, FOR, ABSTAIN] = [0, 1, 2];

let chain;
let sender;
let token;
let council;
let liar;
/** Changes what the lying node says of events. */
let lie;
const address = Object.fromEntries(people().map((person) => [person.label, person.address]));

const abi = { token: new Interface(VotingToken.abi), council: new Interface(Council.abi) };

/** Sends with enough gas: what is written depends on the block, which is another one when it is estimated. */
const send = (from, to, data) => sender.send({ from: address[from], to, data, gas: '0x1e8480' });
const onToken = (from, method, ...args) => send(from, token, abi.token.encodeFunctionData(method, args));
const onCouncil = (from, at, method, ...args) => send(from, at, abi.council.encodeFunctionData(method, args));

before(async () => {
  chain = await startAnvil(await freePort());
  sender = new Sender(chain.rpcUrl);
  ({ address: token } = await sender.deployCode(VotingToken, deployer()));
  ({ address: council } = await sender.deployCode(Council, deployer(), ['address'], [token]));
  for (const label of ['alice', 'bob', 'carol']) await onToken(label, 'mint', address[label], EACH);
  // Alice votes with Bob's too; Carol has votes and uses none; Dave's are nobody's.
  await onToken('alice', 'delegate', address.alice);
  await onToken('bob', 'delegate', address.alice);
  await onToken('carol', 'delegate', address.carol);
  await onToken('dave', 'mint', address.dave, EACH);
  liar = await lyingNode();
});
after(async () => {
  await new Promise((done) => (liar ? liar.close(done) : done()));
  await chain?.stop();
});

/** An Ethereum node that tells the chain's truth, but for events. */
async function lyingNode() {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const asked = JSON.parse(text);
    const result = await rpc(chain.rpcUrl, asked.method, asked.params);
    const told = asked.method === 'eth_getLogs' ? await lie(result) : result;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: told }));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

/** Proposes something at a governor, and waits until it can be voted on; gives its number. */
async function propose(at, what) {
  const receipt = await onCouncil('alice', at, 'propose', [token], [0], ['0x'], what);
  const { args } = receipt.logs.map((log) => abi.council.parseLog(log)).find((event) => event?.name === 'ProposalCreated');
  await rpc(chain.rpcUrl, 'anvil_mine', ['0x2']);
  return args.proposalId;
}

/** What the core says of a voter, line by line. */
async function told(voter, url = chain.rpcUrl) {
  const text = await runExample('votes', [url, council, token, address[voter]]);
  return text.trimEnd().split('\n');
}

const voted = (receipt, proposal, way, weight, reason) =>
  `${Number(receipt.blockNumber)} ${toBeHex(proposal, 32)} ${way} ${weight} ${JSON.stringify(reason)}`;

test('what a delegate voted is told, the latest first, and of who did not vote nothing', async () => {
  const proposals = [];
  for (const what of ['parks', 'roads', 'towers', 'canals']) proposals.push(await propose(council, what));
  const [first, second, third, fourth] = proposals;
  const plain = await onCouncil('alice', council, 'castVote', first, FOR);
  const reasoned = await onCouncil('alice', council, 'castVoteWithReason', second, AGAINST, 'too\nnoisy “here”');
  const abstained = await onCouncil('alice', council, 'castVote', third, ABSTAIN);
  const params = await onCouncil('alice', council, 'castVoteWithReasonAndParams', fourth, FOR, 'as ever', '0x1234');
  const events = await rpc(chain.rpcUrl, 'eth_getLogs', [{ address: council, fromBlock: '0x0' }]);
  const withParams = id('VoteCastWithParams(address,uint256,uint8,uint256,string,bytes)');
  assert.equal(events.filter(({ topics }) => topics[0] === withParams).length, 1, 'both events are there');

  assert.deepEqual(await told('alice'), [
    `power ${2n * EACH}`,
    `gave them to ${address.alice}`,
    voted(params, fourth, 'for', 2n * EACH, 'as ever'),
    voted(abstained, third, 'abstains', 2n * EACH, ''),
    voted(reasoned, second, 'against', 2n * EACH, 'toonoisy “here”'),
    voted(plain, first, 'for', 2n * EACH, ''),
  ]);
  assert.deepEqual(await told('bob'), ['power 0', `gave them to ${address.alice}`]);
  assert.deepEqual(await told('carol'), [`power ${EACH}`, `gave them to ${address.carol}`]);
  assert.deepEqual(await told('dave'), ['power 0', 'gave them to nobody']);
});

test('what a node tells of another governor, another voter or another event is not shown', async () => {
  const url = `http://127.0.0.1:${liar.address().port}`;
  const { address: other } = await sender.deployCode(Council, deployer(), ['address'], [token]);
  const elsewhere = await propose(other, 'elsewhere');
  await onCouncil('alice', other, 'castVote', elsewhere, FOR);
  const here = await propose(council, 'here');
  await onCouncil('carol', council, 'castVote', here, AGAINST);
  const all = await rpc(chain.rpcUrl, 'eth_getLogs', [{ fromBlock: '0x0' }]);

  // Whatever it was asked for, it tells everything: Alice’s vote elsewhere, Carol’s, proposals.
  const honest = await told('alice');
  lie = () => all;
  assert.deepEqual(await told('alice', url), honest);
  assert.ok(honest.length > 2, 'there is something to tell');
  const carols = await told('carol', url);
  assert.deepEqual(carols, await told('carol'));
  assert.equal(carols.length, 3);

  // What the chain took back, what is no event, and a vote without its end.
  lie = (logs) => [
    ...logs.map((log) => ({ ...log, removed: true })),
    ...logs.map((log) => ({ ...log, data: log.data.slice(0, 100) })),
    { address: council },
    null,
  ];
  assert.deepEqual(await told('carol', url), carols.slice(0, 2));
});

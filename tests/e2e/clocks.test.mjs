// Whose clock is wrong – of who asks, of who answers, or a node's that is fast –, both see question, answer, question, answer.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clockLibrary } from '../setup/index.mjs';
import { tell } from '../setup/told.mjs';
import { useWorld } from './support.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How wrong, in milliseconds; whose clock it is; and by what others find them. */
const WRONG = [
  { name: 'ten minutes slow', offset: -10 * MINUTE, label: 'alice', row: /alice\.eth/ },
  { name: 'ten minutes fast', offset: 10 * MINUTE, label: 'carol', row: /0x/ },
  { name: 'a day slow', offset: -DAY, label: 'dave', row: /dave\.eth/ },
  { name: 'a day fast', offset: DAY, label: 'mallory', row: /mallory\.eth/ },
];

/** Runs in a page before anything else: its clock is wrong by so many milliseconds. */
const wrongClock = (offset) => `
  const right = Date.now.bind(Date);
  const Right = Date;
  window.Date = class extends Right {
    constructor(...parts) {
      if (parts.length === 0) super(right() + ${offset});
      else super(...parts);
    }
    static now() {
      return right() + ${offset};
    }
  };
`;

/** Question, answer, question, answer, and a reload of both. Each is at the list before; `rows` are who they are there. */
async function talk([asker, rowOfAsker], [answerer, rowOfAnswerer], about, begin) {
  const texts = ['Question one', 'Answer one', 'Question two', 'Answer two'].map((text) => `${text}, ${about}`);
  await begin();
  await asker.send(texts[0]);
  await answerer.openRow(rowOfAsker);
  await answerer.sees(texts[0]);
  await answerer.send(texts[1]);
  await asker.sees(texts[1]);
  await asker.send(texts[2]);
  await answerer.sees(texts[2]);
  await answerer.send(texts[3]);
  await asker.sees(texts[3]);
  for (const person of [asker, answerer]) assert.deepEqual(await person.order(texts), texts);
  for (const [person, row] of [[asker, rowOfAnswerer], [answerer, rowOfAsker]]) {
    await person.reload();
    await person.openRow(row);
    await person.sees(texts[3]);
    assert.deepEqual(await person.order(texts), texts);
    await person.back();
  }
}

describe('a device whose clock is wrong', () => {
  const world = useWorld({ before, after });
  let bob;
  let shop;

  before(async () => {
    bob = await world().person('bob');
    shop = await world().person('shop');
    for (const person of [bob, shop]) await person.signUp();
  });

  for (const { name, offset, label, row } of WRONG) {
    let person;

    test(`${name}, of who asks`, async () => {
      person = await world().person(label, { init: wrongClock(offset) });
      await person.signUp();
      await talk([person, row], [bob, /bob\.eth/], `${name}, asked`, () => person.writeTo('bob.eth'));
    });

    test(`${name}, of who answers`, async () => {
      const { name: ens, address } = world().account(label);
      await talk([shop, /shop\.eth/], [person, row], `${name}, answered`, () => shop.writeTo(ens ?? address));
      await person.context.close();
    });
  }

  test('no page broke its policy', () => world().assertNoFaults());
});

const skip = clockLibrary() ? false : 'no clock can be set on this machine (sudo apt-get install libfaketime)';
if (skip) tell(`tests/e2e/clocks.test.mjs: ${skip}`);

describe('a node whose clock is wrong', { skip }, () => {
  const world = useWorld({ before, after, clock: true });
  let alice;
  let bob;

  // Where it is slow by more than `gateway_ttl_seconds`, what it says of names has expired by the chain's clock: nobody is found.
  for (const { name, offset } of WRONG.filter((wrong) => wrong.offset > 0)) {
    test(`the node is ${name}`, async () => {
      await world().net.setNodeClock(offset);
      if (!alice) {
        alice = await world().person('alice');
        bob = await world().person('bob');
        for (const person of [alice, bob]) await person.signUp();
      }
      const told = await fetch(`${world().net.nodeUrl}/health`);
      const wrong = new Date(told.headers.get('date')).getTime() - Date.now();
      assert.ok(Math.abs(wrong - offset) < MINUTE, `it is wrong by ${wrong} ms`);
      await talk([alice, /alice\.eth/], [bob, /bob\.eth/], `the node ${name}`, () => alice.writeTo('bob.eth'));
    });
  }

  test('no page broke its policy', () => world().assertNoFaults());
});

// Pictures of every screen, light and dark and on a phone, into tests/e2e/output. Taken to be looked at.

import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { useWorld } from './support.mjs';

const LOOKS = [
  { look: 'light', context: { colorScheme: 'light' } },
  { look: 'dark', context: { colorScheme: 'dark' } },
  { look: 'phone', context: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true } },
];

describe('screens', () => {
  const world = useWorld({ before, after });
  let bob;
  let collector;

  before(async () => {
    bob = new Dm3Client(world().net, world().account('bob'));
    collector = new Dm3Client(world().net, world().account('collector'));
    await bob.signUp();
    await collector.signUp();
  });

  for (const { look, context } of LOOKS) {
    test(`launcher to thread, ${look}`, async () => {
      const alice = await world().person('alice', { context });
      await alice.screenshot(`${look}-1-launcher`);

      await alice.open();
      await alice.button('Connect wallet').waitFor();
      await alice.screenshot(`${look}-2-sign-in`);
      await alice.button('Connect wallet').click();
      await alice.button('Create keys').waitFor();
      await alice.screenshot(`${look}-3-create-keys`);
      await alice.refuseNextSignature();
      await alice.button('Create keys').click();
      await alice.alert.first().waitFor();
      await alice.screenshot(`${look}-4-refused`);
      await alice.button('Create keys').click();
      // The profile is there from the first look on: later ones sign in on a new device.
      await alice.button('Publish profile').or(alice.heading).first().waitFor();
      if (await alice.button('Publish profile').count()) {
        await alice.screenshot(`${look}-5-publish`);
        await alice.button('Publish profile').click();
      }
      await alice.heading.waitFor();
      await alice.screenshot(`${look}-6-empty`);

      const to = aliasOf(alice.account.address);
      await collector.send(to, 'I collect things. Many things. Would you sell me one of yours, whatever it is?');
      await bob.send(to, 'Hi! Is #123 still for sale?');
      await alice.openRow(/bob\.eth/);
      await alice.sees('Is #123 still for sale?');
      await alice.send('Yes, still available.');
      await alice.send('I can hold it until tonight if you like.');
      await bob.send(to, 'That would be great. Would you take 1.1 ETH?');
      await alice.sees('Would you take 1.1 ETH?');
      await alice.screenshot(`${look}-7-thread`);

      await alice.back();
      await alice.screenshot(`${look}-8-list`);
      await alice.openRow(/a-very-long/);
      await alice.sees('I collect things.');
      await alice.screenshot(`${look}-9-long-name`);
      await alice.back();

      await alice.search.fill('nobody-has-this-name.eth');
      await alice.search.press('Enter');
      await alice.alert.first().waitFor();
      await alice.screenshot(`${look}-10-unknown-name`);
      await alice.context.close();
    });
  }

  test('inline, and the pages themselves', async () => {
    const bobAtHome = await world().person('bob', { path: '/inline.html' });
    await bobAtHome.button('Connect wallet').waitFor();
    await bobAtHome.screenshot('page-inline');
    await bobAtHome.page.goto(`${world().url}/shop.html?as=bob`);
    await bobAtHome.screenshot('page-shop');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

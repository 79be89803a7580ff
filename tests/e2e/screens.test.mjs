// Every screen, light and dark and on a phone: nothing overlaps, is cut off, covered or too small to hit, and nothing
// scrolls sideways. Pictures of them go into tests/e2e/output, to be looked at; they are not compared, because fonts
// differ from machine to machine.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { layoutFaults, lightness } from './layout.mjs';
import { looksRight, useWorld } from './support.mjs';

const LOOKS = [
  { look: 'light', context: { colorScheme: 'light' } },
  { look: 'dark', context: { colorScheme: 'dark' } },
  { look: 'phone', context: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true } },
];

/** Takes the picture and finds no fault in what it shows. */
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
      await looksRight(alice, `${look}-1-launcher`);

      await alice.open();
      await alice.button('Connect wallet').waitFor();
      await looksRight(alice, `${look}-2-sign-in`);
      await alice.button('Connect wallet').click();
      await alice.button('Create keys').waitFor();
      await looksRight(alice, `${look}-3-create-keys`);
      await alice.refuseNextSignature();
      await alice.button('Create keys').click();
      await alice.alert.first().waitFor();
      await looksRight(alice, `${look}-4-refused`);
      await alice.button('Create keys').click();
      // The profile is there from the first look on: later ones sign in on a new device.
      await alice.button('Publish profile').or(alice.heading).first().waitFor();
      if (await alice.button('Publish profile').count()) {
        await looksRight(alice, `${look}-5-publish`);
        await alice.button('Publish profile').click();
      }
      await alice.heading.waitFor();
      await looksRight(alice, `${look}-6-empty`);

      const to = aliasOf(alice.account.address);
      await collector.send(to, 'I collect things. Many things. Would you sell me one of yours, whatever it is?');
      await bob.send(to, 'Hi! Is #123 still for sale?');
      await alice.openRow(/bob\.eth/);
      await alice.sees('Is #123 still for sale?');
      await alice.send('Yes, still available.');
      await alice.send('I can hold it until tonight if you like.');
      await bob.send(to, 'That would be great. Would you take 1.1 ETH?');
      await alice.sees('Would you take 1.1 ETH?');
      await looksRight(alice, `${look}-7-thread`);

      await alice.back();
      await looksRight(alice, `${look}-8-list`);
      await alice.openRow(/a-very-long/);
      await alice.sees('I collect things.');
      await looksRight(alice, `${look}-9-long-name`);
      const { text, ground } = await alice.page.evaluate(lightness);
      if (look === 'dark') assert.ok(ground < 0.2 && text > 0.8, `text ${text} on ${ground}`);
      else assert.ok(ground > 0.9 && text < 0.2, `text ${text} on ${ground}`);
      await alice.back();

      await alice.search.fill('nobody-has-this-name.eth');
      await alice.search.press('Enter');
      await alice.alert.first().waitFor();
      await looksRight(alice, `${look}-10-unknown-name`);
      await alice.context.close();
    });
  }

  test('a fault is told: what lies askew, is cut off, covered or too small', async () => {
    const person = await world().person('bob');
    await person.open();
    await person.button('Connect wallet').waitFor();
    /** The faults with these styles on top. */
    const broken = async (css) => {
      const undo = await person.page.evaluateHandle((css) => {
        const { shadowRoot } = document.querySelector('dm3-chat');
        const sheets = [...shadowRoot.adoptedStyleSheets];
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        shadowRoot.adoptedStyleSheets = [...sheets, sheet];
        return () => (shadowRoot.adoptedStyleSheets = sheets);
      }, css);
      const faults = await person.page.evaluate(layoutFaults);
      await undo.evaluate((undo) => undo());
      return faults.join('\n');
    };
    assert.equal(await broken(''), '');
    assert.match(await broken('.button { height: 12px; min-height: 0; padding: 0 }'), /too small to hit/);
    assert.match(await broken('.button { position: relative; left: 300px }'), /reaches out of the panel/);
    assert.match(await broken('h2 { width: 20px; overflow: hidden; white-space: nowrap }'), /cut off/);
    assert.match(await broken('.panel { left: -100px; right: auto }'), /not within the window/);
    assert.match(await broken('p { margin-top: -40px }'), /overlap/);
    assert.match(await broken('.panel::after { content: ""; position: absolute; inset: 0 }'), /covered by/);
    await person.context.close();
  });

  test('inline, and the pages themselves', async () => {
    const bobAtHome = await world().person('bob', { path: '/inline.html' });
    await bobAtHome.button('Connect wallet').waitFor();
    await looksRight(bobAtHome, 'page-inline');
    await bobAtHome.page.goto(`${world().url}/shop.html?as=bob`);
    await looksRight(bobAtHome, 'page-shop');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

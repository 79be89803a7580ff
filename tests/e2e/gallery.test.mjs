// Every state of every screen, in every look: as its picture shows it, nothing cut off or covered, and nothing for axe
// to find. `npm run gallery -- --renew` takes the pictures anew, to be looked at before they are kept.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axeFaults } from './axe.mjs';
import { LOOKS, difference, openGallery } from './gallery.mjs';
import { layoutFaults } from './layout.mjs';

/** What lies over the rest on purpose. */
const OVER = /menu|sign-out|delete|versions|forward|report|emoji|newest|large|held-above/;
/** Higher than the highest state in www/gallery.css: pixels. */
const TALLEST = 3_000;

describe('the gallery', () => {
  let gallery;

  before(async () => {
    gallery = await openGallery();
  });
  after(() => gallery?.close());

  for (const look of LOOKS) {
    test(`every state looks as its picture, ${look}`, async () => {
      const { page, states, chat } = await gallery.look(look);
      const faults = [];
      for (const state of states) {
        assert.equal(await chat(state).getAttribute('shown'), 'yes', `${state} shows nothing`);
        const changed = difference(look, state, await chat(state).screenshot());
        if (changed) faults.push(changed);
      }
      assert.deepEqual(faults, []);
      await page.context().close();
    });
  }

  for (const look of [...LOOKS, 'small', 'wide']) {
    test(`in no state anything is cut off, covered or too small, ${look}`, async () => {
      const { page, states, chat } = await gallery.look(look);
      // What is outside of the window covers nothing and is covered by nothing.
      await page.setViewportSize({ ...page.viewportSize(), height: TALLEST });
      const faults = [];
      for (const state of states.filter((state) => !OVER.test(state))) {
        await chat(state).evaluate((chat) => chat.scrollIntoView({ block: 'center' }));
        faults.push(...(await chat(state).evaluate(layoutFaults)).map((fault) => `${state}: ${fault}`));
      }
      assert.deepEqual(faults, []);
      await page.context().close();
    });
  }

  for (const look of ['light', 'dark']) {
    test(`axe finds nothing in any state, ${look}`, async () => {
      const { page } = await gallery.look(look);
      // Nobody has all of them on one page.
      assert.deepEqual(await axeFaults(page, ['landmark-unique', 'duplicate-id-aria']), []);
      await page.context().close();
    });
  }

  test('a button that moved by a few pixels is told, and so is a word that changed', async () => {
    const { page, chat } = await gallery.look('light');
    const changed = async (state, change) => {
      await chat(state).evaluate(change);
      return difference('light', state, await chat(state).screenshot());
    };
    assert.equal(await changed('thread', () => {}), undefined);
    const nudge = ({ shadowRoot }) => shadowRoot.querySelector('.icon-button').style.setProperty('translate', '4px');
    assert.match((await changed('thread', nudge)) ?? '', /pixels differ/);
    const word = ({ shadowRoot }) => (shadowRoot.querySelector('.button').textContent = 'Connect wallets');
    assert.match((await changed('sign-in-connect', word)) ?? '', /pixels differ/);
    await page.context().close();
  });

  test('the page itself breaks no policy and throws nothing', async () => {
    const { page } = await gallery.look('light', false);
    await page.getByRole('heading', { name: 'Every state of every screen' }).waitFor();
    assert.deepEqual(gallery.faults, []);
    await page.context().close();
  });
});

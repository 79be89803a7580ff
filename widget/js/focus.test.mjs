// Where the focus goes when what had it is gone.

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { useLoader } from './loader.support.mjs';

describe('the focus', () => {
  let page;
  const { open, launcher, focused, faults } = useLoader(next => (page = next));

  beforeEach(async () => {
    await open('<input id="beside"><p>words of the page</p><dm3-chat></dm3-chat>');
    await launcher('Open chat').click();
    await page.locator('[data-autofocus]').waitFor();
    await page.locator('[data-autofocus]').evaluate(field => {
      const screen = document.createElement('div');
      screen.className = 'screen';
      const add = (tag, within, attributes = {}) => {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        within.append(element);
        return element;
      };
      add('h2', screen, { tabindex: '-1' });
      const section = add('section', screen);
      add('h3', section, { tabindex: '-1' });
      add('button', section, { id: 'in-section' });
      add('button', screen, { id: 'in-screen' });
      field.parentNode.append(screen);
      screen.append(field);
    });
  });

  const press = async (id, then = () => {}) => {
    await page.locator(`#${id}`).focus();
    await then();
    await page.locator(`#${id}`).evaluate(button => button.remove());
    await page.waitForTimeout(1_500);
    return focused();
  };

  test('stays beside a button that goes while it has it: in its group, else where somebody writes', async () => {
    assert.equal(await press('in-section'), 'h3');
    assert.equal(await press('in-screen'), 'input');
    assert.deepEqual(faults, []);
  });

  test('is left where somebody went on meanwhile', async () => {
    const field = page.locator('#beside');
    await press('in-section', () => field.focus());
    assert.equal(await page.evaluate(() => document.activeElement.id), 'beside');
    assert.equal(await press('in-screen', () => page.getByText('words of the page').click()), 'body');
  });

  test('is taken by what comes in the place of what went', async () => {
    const found = await press('in-section', () =>
      page.locator('#in-section').evaluate(button => {
        const next = document.createElement('button');
        next.setAttribute('part', 'next');
        const { parentNode } = button;
        new MutationObserver(() => setTimeout(() => next.isConnected || (parentNode.append(next), next.focus()), 200)).observe(parentNode, { childList: true });
      }),
    );
    assert.equal(found, 'next');
  });
});

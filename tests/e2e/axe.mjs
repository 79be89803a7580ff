// What axe finds, its best practices included.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds inside of the elements of a page, in words; but for `without`, rules. */
export async function axeFaults(page, without = []) {
  await page.evaluate(AXE);
  return page.evaluate(async (without) => {
    const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], rules });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes
        // Of what is inside of the element the target is a path through its shadow root.
        .filter(({ target }) => target.flat().length > 1)
        .map(({ target, failureSummary }) => `${id}: ${help}\n${target.flat().join(' › ')}\n${failureSummary}`),
    );
  }, without);
}

/** Fails if axe finds something in the element of this person, in either theme. */
export async function isAccessible(person, what) {
  for (const colorScheme of ['light', 'dark']) {
    await person.page.emulateMedia({ colorScheme });
    // Motion is short; what is judged is where it ends.
    await person.page.waitForTimeout(300);
    assert.deepEqual(await axeFaults(person.page), [], `${what}, ${colorScheme}`);
  }
  await person.page.emulateMedia({ colorScheme: 'light' });
}

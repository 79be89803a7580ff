// The documentation's site, without building it: all pages are there and can be found, and the reference has everything.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { menu } from '../../docs/site/config.mjs';
import { answer, untouched } from '../../docs/site/policy.js';
import { reference, theming } from '../../docs/site/reference.mjs';
import { declarationOf, readManifest } from '../../widget/package/manifest.mjs';
import { documentationPolicy } from '../localnet/serve.mjs';
import { ROOT } from '../setup/index.mjs';

const MADE = ['reference', 'theming', 'policy'];

describe('the documentation', () => {
  test('every page is in the menu, and leads to a page', () => {
    const written = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -'.md'.length));
    const listed = menu([...written, 'new'].map((name) => ({ name, title: name }))).flatMap(({ items }) => items.map(({ link }) => link.slice(1)));
    assert.deepEqual(listed.sort(), [...written, ...MADE, 'new'].sort());
  });

  test('the reference and the page of looks have everything that the element has', async () => {
    const chat = declarationOf(await readManifest());
    const pages = reference(chat) + theming(chat);
    const { attributes, members, events, slots, cssProperties, cssParts, cssStates } = chat;
    for (const { name } of [...attributes, ...members, ...events, ...slots, ...cssProperties, ...cssParts, ...cssStates]) {
      assert.ok(pages.includes(`\`${name}`), `${name} is missing`);
    }
  });

  test('a table has as many cells in each row', async () => {
    const chat = declarationOf(await readManifest());
    const tables = (reference(chat) + theming(chat)).split('\n\n').filter((block) => block.startsWith('|'));
    assert.ok(tables.length >= 8);
    for (const table of tables) {
      const cells = table.trim().split('\n').map((row) => row.replaceAll('\\|', '').split('|').length);
      assert.deepEqual([...new Set(cells)].length, 1, table);
    }
  });

  test('the page of policies says what the command that it names prints', () => {
    const forms = [
      {},
      { rpc: 'https://rpc.example/key', cdn: ' https://cdn.example/a ', hosts: 'https://one.example\nhttps://two.example' },
      { nonce: 'abc123==', strictDynamic: true, trustedTypes: false, media: false },
      { frame: 'https://chat.example/dm3-chat-frame.html' },
      { embedders: 'https://shop.example https://other.example' },
    ];
    for (const form of forms) {
      const { policy, command } = answer({ ...untouched(), ...form });
      const [npx, program, ...words] = command.split(' ');
      assert.deepEqual([npx, program], ['npx', 'dm3-chat']);
      const printed = execFileSync(process.execPath, [join(ROOT, 'widget/package/bin/dm3-chat.js'), ...words], { encoding: 'utf8' });
      assert.equal(printed, `Content-Security-Policy: ${policy}\n`);
    }
    assert.deepEqual(answer({ ...untouched(), node: 'node.example' }), { fault: 'the node is no address: node.example; write it as https://host.example' });
    assert.match(answer({ ...untouched(), strictDynamic: true }).fault, /needs a nonce/);
  });

  test('the scripts in a page may run, and no others', () => {
    const policy = documentationPolicy('<script src="/a.js"></script><script id="b">1</script>');
    assert.match(policy, /script-src 'self' 'sha256-a4ayc\/80\/OGda4BO\/1o\/V0etpOqiLx1JwB5S3beHW0s='; /);
  });
});

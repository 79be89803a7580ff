// The documentation's site, without building it: all pages are there and can be found, and the reference has everything.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { menu } from '../../docs/site/config.mjs';
import { answer, untouched } from '../../docs/site/policy.js';
import { reference, theming } from '../../docs/site/reference.mjs';
import { ERRORS, FAILURES } from '../../widget/package/codes.mjs';
import { declarationOf, readManifest } from '../../widget/package/manifest.mjs';
import { documentationPolicy } from '../localnet/serve.mjs';
import { ROOT } from '../setup/index.mjs';

const MADE = ['reference', 'theming', 'policy'];

const read = (file) => readFileSync(join(ROOT, file), 'utf8');
const pagesIn = (folder) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md')).map((name) => join(folder, name));

/** What a heading is called in an address, as GitHub and VitePress have it. */
const anchor = (heading) =>
  heading.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');

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
    const told = [...attributes, ...members, ...events, ...slots, ...cssProperties, ...cssParts, ...cssStates].map(({ name }) => name);
    for (const name of [...told, ...Object.keys({ ...ERRORS, ...FAILURES })]) assert.ok(pages.includes(`\`${name}`), `${name} is missing`);
  });

  test('docs/embedding.md has all of it, too, for who reads the repository', async () => {
    const { attributes, members, events, slots, cssProperties, cssParts, cssStates } = declarationOf(await readManifest());
    const page = read('docs/embedding.md');
    const named = [...attributes, ...members.filter(({ attribute }) => !attribute), ...slots, ...cssProperties, ...cssParts].map(({ name }) => `\`${name}`);
    const codes = Object.keys({ ...ERRORS, ...FAILURES }).map((code) => `\`${code}\``);
    const others = [...events.map(({ name }) => `\`${name.slice('dm3-'.length)}\``), ...cssStates.map(({ name }) => `:state(${name})`)];
    assert.deepEqual([...named, ...codes, ...others].filter((name) => !page.includes(name)), []);
  });

  test('the codes are those that are told', () => {
    const inApplication = [...read('widget/src/app/fault.rs').matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
    const element = read('widget/js/element.js');
    const inLoader = [...element.matchAll(/code: '([a-z-]+)'/g)].map(([, code]) => code);
    assert.deepEqual([...new Set([...inApplication, ...inLoader])].sort(), Object.keys(ERRORS).sort());
    const failing = [element, read('widget/js/isolated/host.js')].join('\n');
    const failures = [...failing.matchAll(/fail(?:ure|ed)\('([a-z-]+)'\)/g)].map(([, code]) => code);
    assert.deepEqual(failures.filter((code) => !Object.hasOwn(FAILURES, code)), []);
    const [ofFiles] = read('widget/src/app/platform.rs').match(/impl NoFile \{[^]*?\n\}/);
    const withoutFile = [...ofFiles.matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
    assert.ok(withoutFile.includes('backup-failed'));
    assert.deepEqual(withoutFile.filter((code) => !Object.hasOwn(FAILURES, code)), []);
  });

  test('what a page links to is in the repository, also for who does not make the site', () => {
    const pages = ['README.md', 'core/README.md', 'node/README.md', ...pagesIn('docs')];
    const dead = pages.flatMap((page) => {
      const text = read(page).replace(/```[\s\S]*?```/g, '');
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^https?:/.test(link));
      return links.filter((link) => {
        const [path, heading] = link.split('#');
        const file = path ? resolve(ROOT, dirname(page), path) : join(ROOT, page);
        if (!existsSync(file)) return true;
        const headings = heading ? [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, words]) => anchor(words)) : [];
        return Boolean(heading) && !headings.includes(heading);
      }).map((link) => `${page}: ${link}`);
    });
    assert.deepEqual(dead, []);
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

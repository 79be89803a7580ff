// The crates as they would be published: what is in them, and that cargo accepts them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { ROOT } from '../setup/index.mjs';

const cargo = (...args) => execFileSync('cargo', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const listed = (name) => cargo('package', '--list', '--allow-dirty', '--offline', '-p', name).trim().split('\n');

const ALWAYS = [/^Cargo\.(toml|toml\.orig|lock)$/, /^\.cargo_vcs_info\.json$/, /^README\.md$/, /^LICENSE-(MIT|APACHE)$/, /^src\/.+\.(rs|hex|yul)$/];
const CRATES = {
  'dm3-core': [/^examples\/.+\.rs$/],
  'dm3-node': [/^migrations\/(sqlite|postgres)\/\d{4}_\w+\.sql$/, /^dm3-node\.(example\.toml|service)$/, /^deploy\/[a-zA-Z.]+$/],
};

for (const [name, own] of Object.entries(CRATES)) {
  describe(name, () => {
    test('is published with its source, its licences and what it says of itself; nothing else', () => {
      const known = [...ALWAYS, ...own];
      const files = listed(name);
      assert.deepEqual(files.filter((file) => !known.some((pattern) => pattern.test(file))), []);
      const needed = known.filter((pattern) => !`${pattern}`.includes('vcs_info'));
      for (const pattern of needed) assert.ok(files.some((file) => pattern.test(file)), `nothing matches ${pattern}`);
    });

    test('says what the registry shows', () => {
      const { packages } = JSON.parse(cargo('metadata', '--no-deps', '--offline', '--format-version', '1'));
      const { description, license, readme, keywords, categories, rust_version: rust, publish } = packages.find((it) => it.name === name);
      assert.ok(description && license && readme && rust && categories.length > 0);
      assert.ok(keywords.length > 0 && keywords.length <= 5);
      assert.equal(publish, null);
    });
  });
}

test('what is no library of others is not published', () => {
  const { packages } = JSON.parse(cargo('metadata', '--no-deps', '--offline', '--format-version', '1'));
  const published = packages.filter(({ publish }) => publish === null).map(({ name }) => name);
  assert.deepEqual(published.sort(), Object.keys(CRATES).sort());
});

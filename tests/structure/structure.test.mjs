// How the source lies: no file and no room imports in a circle, and no file is too long to hold in mind.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, test } from 'node:test';
import { LAUNCHER_STYLES, MAIN, PARTS } from '../../widget/build/parts.mjs';
import { fromPage } from '../bench/scale.mjs';
import { ROOT } from '../setup/index.mjs';
import { circlesIn, importsOf, inWords, roomsOf } from './imports.mjs';

const LONGEST_FILE = 600;
const SOURCES = ['core', 'node', 'styles', 'tests', 'widget', 'www', 'xtask'];
const ENDINGS = ['.rs', '.mjs', '.js', '.css'];
/** Folders with what is made, not written. */
const MADE = ['target', 'node_modules', 'output'];

function sourcesIn(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return MADE.includes(entry.name) ? [] : sourcesIn(path);
    return ENDINGS.includes(extname(entry.name)) ? [path] : [];
  });
}

const circlesInWords = (graph) => circlesIn(graph).map((circle) => inWords(circle, graph));

for (const folder of ['core/src', 'node/src', 'widget/src']) {
  describe(folder, () => {
    const imports = importsOf(join(ROOT, folder));

    test('no file imports in a circle', () => {
      assert.ok(imports.size > 40, `${imports.size} files were found`);
      assert.deepEqual(circlesInWords(imports), []);
    });

    test('no room imports in a circle', () => assert.deepEqual(circlesInWords(roomsOf(imports)), []));
  });
}

test(`no source file is longer than ${LONGEST_FILE} lines`, () => {
  const files = SOURCES.flatMap(sourcesIn);
  assert.ok(files.length > 100, `${files.length} files were found`);
  const long = files
    .map((file) => [file, readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n').length])
    .filter(([, lines]) => lines > LONGEST_FILE)
    .map(([file, lines]) => `${file}: ${lines} lines`);
  assert.deepEqual(long, []);
});

test('docs/scale.md follows from docs/performance.md', () => {
  const written = readFileSync(join(ROOT, 'docs/scale.md'), 'utf8');
  assert.equal(written, fromPage(), 'npm run bench -- scale');
});

/**
 * Classes that the styles of more than one place define, each with these places: once both are loaded, what has that class looks
 * as the later one says. `places`: names and texts.
 */
function definedTwice(places) {
  const found = new Map();
  for (const [place, text] of Object.entries(places)) {
    const plain = text.replace(/\/\*[^]*?\*\//g, '');
    const selectors = [...plain.matchAll(/([^{};]+)\{/g)].flatMap(([, list]) => list.split(/,(?![^(]*\))/).map((one) => one.trim()));
    for (const name of new Set(selectors.filter((one) => /^\.[\w-]+$/.test(one)))) {
      found.set(name, [...(found.get(name) ?? []), place]);
    }
  }
  return [...found].filter(([, where]) => where.length > 1).map(([name, where]) => `${name}: ${where.join(', ')}`);
}

describe('styles', () => {
  const read = (name) => readFileSync(join(ROOT, 'styles', `${name}.css`), 'utf8');
  const together = (names) => names.map(read).join('\n');

  test('no class is defined by two parts', () => {
    const ofParts = [...new Set(PARTS.flatMap(({ styles }) => styles))];
    assert.ok(ofParts.length > 5, `${ofParts.length} files were found`);
    const parts = Object.fromEntries(ofParts.map((name) => [name, read(name)]));
    assert.deepEqual(definedTwice({ launcher: together(LAUNCHER_STYLES), main: together(MAIN.styles), ...parts }), []);
  });

  test('one that is would be found', () => {
    const one = '/* .b { } */ .a, .b:hover { color: red } @media print { .c { color: red } } .c { margin: 0 }';
    const other = '.d .a { color: red } :is(.d, .a) { color: red } .b, .c { color: red }';
    assert.deepEqual(definedTwice({ one, other }), ['.c: one, other']);
  });
});

describe('what is read as an import', () => {
  /** The imports in a made-up crate, and its circles in words. */
  function made(files) {
    const graph = importsOf('made', (file) => files[file.slice('made/'.length)] ?? null);
    const imports = [...graph].flatMap(([from, to]) => [...to.keys()].map((file) => `${from} → ${file}`));
    return { imports, graph, circles: circlesIn(graph).map((circle) => inWords(circle, graph)) };
  }

  test('a circle of three files is found and told with its paths', () => {
    const { circles } = made({
      'lib.rs': 'mod house; mod shop;',
      'shop.rs': 'use crate::house::room::Room; pub struct Shop(Room);',
      'house/mod.rs': 'pub mod room; mod door; pub use door::Door;',
      'house/room.rs': 'use super::Door; pub struct Room { door: Door }',
      'house/door.rs': 'pub struct Door; fn lead() -> crate::shop::Shop { todo!() }',
    });
    assert.deepEqual(circles, [
      'house/door.rs imports shop.rs (crate::shop::Shop), shop.rs imports house/room.rs (crate::house::room::Room), ' +
        'house/room.rs imports house/door.rs (super::Door)',
    ]);
  });

  test('a parent that declares its children and passes their items on imports none of them', () => {
    const { circles } = made({
      'lib.rs': 'pub mod parent;',
      'parent/mod.rs': 'mod child; pub(crate) use child::{Child, other as another}; pub struct Parent;',
      'parent/child.rs': 'use super::Parent; pub struct Child(Parent); pub fn other() {}',
    });
    assert.deepEqual(circles, []);
  });

  test('a parent that uses what it passes on imports it', () => {
    const { circles } = made({
      'lib.rs': 'pub mod parent;',
      'parent/mod.rs': 'mod child; pub use child::Child; pub struct Parent { child: Child }',
      'parent/child.rs': 'pub struct Child; impl Child { fn up() -> super::Parent { todo!() } }',
    });
    assert.deepEqual(circles, [
      'parent/child.rs imports parent/mod.rs (super::Parent), parent/mod.rs imports parent/child.rs (child::Child)',
    ]);
  });

  test('modules in braces, groups, globs and renamings lead to the file that defines the thing', () => {
    const { imports } = made({
      'lib.rs': 'mod a; mod b; mod c;',
      'a.rs': 'pub mod inner { use super::super::{b::{self as other, Two as Deux}, c}; }',
      'b.rs': 'pub use crate::c::*; pub struct Two;',
      'c.rs': 'pub struct Three;',
    });
    assert.deepEqual(imports, ['a.rs → b.rs', 'a.rs → c.rs', 'b.rs → c.rs']);
    const through = made({
      'lib.rs': 'mod a; mod b; mod c;',
      'a.rs': 'use crate::b::Three;',
      'b.rs': 'pub use crate::c::*;',
      'c.rs': 'pub struct Three;',
    });
    assert.ok(through.imports.includes('a.rs → c.rs'));
    assert.ok(!through.imports.includes('a.rs → b.rs'));
  });

  test('comments, strings and tests are no imports', () => {
    const { imports } = made({
      'lib.rs': 'mod a; mod b;',
      'a.rs': `//! [\`crate::b::B\`]
        /* crate::b::B /* nested */ crate::b::B */
        const TEXT: &str = "crate::b::B \\" crate::b::B"; const RAW: &str = r#"crate::b::B"#;
        const LETTER: char = '"'; fn lifetime<'a>(x: &'a str) -> &'a str { x }
        #[cfg(test)] mod tests { use crate::b::B; }`,
      'b.rs': 'use crate::a; pub struct B;',
    });
    assert.deepEqual(imports, ['b.rs → a.rs']);
  });

  test('rooms import what their files import', () => {
    const { graph } = made({
      'lib.rs': 'mod a; mod b;',
      'a/mod.rs': 'mod one; mod two;',
      'a/one.rs': 'use crate::b::B;',
      'a/two.rs': 'pub struct Two;',
      'b.rs': 'pub struct B; use crate::a::two::Two;',
    });
    assert.deepEqual(circlesIn(graph), []);
    assert.deepEqual(circlesIn(roomsOf(graph)), [['a', 'b']]);
  });
});

// wasm-split: what only parts need goes from the linked WASM into files of their own.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cut, emptyFolder, root, xtask } from './context.mjs';
import { PARTS, SHARED } from './parts.mjs';
import { dropUnusedExports } from './tricks.mjs';

/**
 * Cuts the WASM at the path `linked`; afterwards `cut` has main.wasm, the files of build/parts.mjs, main-*.wasm with what
 * parts share that have no file for it, and the module that links parts.
 */
export function split(linked) {
  emptyFolder(cut);
  const used = join(cut, 'linked.wasm');
  writeFileSync(used, dropUnusedExports(readFileSync(linked)));
  const printed = xtask(['split', used, cut], { read: true });
  const needed = new Map(printed.trim().split('\n').map(line => [line.split(' ')[0], line.split(' ').slice(1)]));
  for (const [file, of] of users(needed)) {
    const known = [...PARTS.map(({ name, split, file }) => ({ of: [split], name, file })), ...SHARED.map(withSplits)];
    const found = known.find(entry => entry.of.toSorted().join() === of.toSorted().join());
    renameSync(join(cut, `${file}.wasm`), join(cut, found?.file ?? `main-${file}.wasm`));
  }
  writeFileSync(join(cut, 'link.js'), linkModule());
}

/** Which parts load each file. */
function users(needed) {
  const users = new Map();
  for (const [part, files] of needed) for (const file of files) users.set(file, [...(users.get(file) ?? []), part]);
  return users;
}

function withSplits({ name, of, file }) {
  return { name, file, of: of.map(name => PARTS.find(part => part.name === name).split) };
}

/** Exports the functions that the WASM calls to load its parts; bundled with the glue. */
function linkModule() {
  return [
    "import { initSync } from './dm3-chat.js';",
    `import { linker } from ${JSON.stringify(join(root, 'widget/js/link.js'))};`,
    'const link = linker(() => initSync());',
    ...PARTS.map(({ name, split }) => `export const __wasm_split_load_${split} = link(${JSON.stringify(name)});`),
    '',
  ].join('\n');
}

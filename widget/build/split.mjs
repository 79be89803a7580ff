// wasm-split: what only parts need goes from the linked WASM into files of their own.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cut, emptyFolder, fail, root, xtask } from './context.mjs';
import { PARTS, holder } from './parts.mjs';
import { dropUnusedExports } from './tricks.mjs';
import { mergeParts } from './wasm-opt.mjs';

/**
 * Cuts the WASM at the path `linked`; afterwards `cut` has main.wasm, the files of build/parts.mjs, and the module that
 * links them.
 */
export function split(linked) {
  emptyFolder(cut);
  const used = join(cut, 'linked.wasm');
  writeFileSync(used, dropUnusedExports(readFileSync(linked)));
  const printed = xtask(['split', used, cut], { read: true });
  const held = new Map();
  for (const [file, names] of users(printed)) {
    const { name } = holder(names);
    held.set(name, [...(held.get(name) ?? []), join(cut, `${file}.wasm`)]);
  }
  for (const { name, file } of PARTS) {
    if (!held.has(name)) fail(`the part ${name} has nothing of its own`);
    const [first, ...others] = held.get(name);
    if (others.length > 0) mergeParts([first, ...others], first);
    renameSync(first, join(cut, file));
  }
  writeFileSync(join(cut, 'link.js'), linkModule());
}

/** The names of the parts that need each file; `printed` has a line for each part: its split, and its files. */
function users(printed) {
  const users = new Map();
  for (const line of printed.trim().split('\n')) {
    const [split, ...files] = line.split(' ');
    const part = PARTS.find(part => part.split === split) ?? fail(`build/parts.mjs does not name the part ${split}`);
    for (const file of files) users.set(file, [...(users.get(file) ?? []), part.name]);
  }
  return users;
}

/** Exports the functions that the WASM calls to load its parts; bundled with the glue. */
function linkModule() {
  return [
    "import { initSync } from './dm3-chat.js';",
    `import { linker } from ${JSON.stringify(join(root, 'widget/js/link.js'))};`,
    'const link = linker(() => initSync());',
    ...PARTS.filter(({ split }) => split).map(({ name, split }) => `export const __wasm_split_load_${split} = link(${JSON.stringify(name)});`),
    '',
  ].join('\n');
}

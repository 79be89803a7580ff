// wasm-split: what only parts need goes from the linked WASM into files of their own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cut, emptyFolder, fail, root, xtask } from './context.mjs';
import { PARTS } from './parts.mjs';

/** Cuts the WASM at the path `linked`; afterwards `cut` has main.wasm, the parts and the module that links them. */
export function split(linked) {
  emptyFolder(cut);
  const printed = xtask(['split', linked, cut], { read: true });
  const found = new Map(printed.trim().split('\n').map(line => [line.split(' ')[0], line.split(' ').slice(1)]));
  for (const { split } of PARTS) {
    // Code of two parts, and of them alone, would be a file that both need.
    if (found.get(split)?.join() !== cutName(split)) fail(`the part ${split} should be one file and is ${found.get(split)}`);
    found.delete(split);
  }
  if (found.size) fail(`build/parts.mjs does not name the part ${[...found.keys()]}`);
  writeFileSync(join(cut, 'link.js'), linkModule());
}

/** As wasm-split calls a part's file, without its ending. */
export function cutName(split) {
  return `split_${split}`;
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

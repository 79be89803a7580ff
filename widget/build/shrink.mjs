// Makes the WASM small, and writes its styles and the build's id into it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindings, cut, dev, dist, sizes } from './context.mjs';
import { MAIN, PARTS } from './parts.mjs';
import { printSizes } from './sizes.mjs';
import { styles } from './styles.mjs';
import { shortenImports } from './tricks.mjs';
import { finish, shrinkCode } from './wasm-opt.mjs';
import { withSection } from './wasm.mjs';

const glue = join(bindings, 'dm3-chat.js');

/** Writes the WASM files of dist/ and returns the build's id, which they, the glue and the loader share. */
export function shrink() {
  const modules = [
    { ...MAIN, wasm: readFileSync(join(bindings, 'dm3-chat_bg.wasm')) },
    ...PARTS.map(part => ({ ...part, wasm: readFileSync(join(cut, part.file)) })),
  ];
  if (!dev) makeSmall(modules);
  const css = modules.map(({ styles: names }) => styles(names));
  const hash = createHash('sha256').update(readFileSync(glue));
  for (const [i, { wasm }] of modules.entries()) hash.update(wasm).update(css[i]);
  const build = hash.digest('hex').slice(0, 8);
  for (const [i, { file, wasm }] of modules.entries()) {
    writeFileSync(join(dist, file), withSection(withSection(wasm, 'build', build), 'styles', css[i]));
  }
  return build;
}

/** What each step spared of 207.2 KB (brotli, November 2026): the order of functions 5.0 KB, short names of imports 6.0 KB. */
function makeSmall(modules) {
  for (const module of modules) {
    const file = join(cut, module.file);
    writeFileSync(file, module.wasm);
    shrinkCode(file, file);
    if (sizes) printSizes(module.name, readFileSync(file));
    finish(file);
    module.wasm = readFileSync(file);
  }
  const short = shortenImports(modules[0].wasm, readFileSync(glue, 'utf8'));
  modules[0].wasm = short.wasm;
  writeFileSync(glue, short.glue);
}

// The entries for bundlers, beside the files they name by `new URL(…, import.meta.url)`: the class alone, and what defines it.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { loaderOptions } from '../build/bundle.mjs';
import { root } from '../build/context.mjs';
import { textFile } from '../build/texts.mjs';

export async function writeEntries(folder) {
  const { build } = JSON.parse(readFileSync(join(folder, textFile('en')), 'utf8'));
  const options = loaderOptions(build);
  const js = name => join(root, 'widget/js', name);
  // A page's bundler shrinks it; what people meet in a debugger can be read.
  const readable = { ...options, minify: false };
  await esbuild.build({ ...readable, entryPoints: [js('element.js')], outfile: join(folder, 'element.js') });
  await esbuild.build({
    ...readable,
    entryPoints: [js('dm3-chat.js')],
    external: ['./element.js'],
    outfile: join(folder, 'index.js'),
  });
}

/** integrity.json: the hash of each file, as the attribute `integrity` takes it. */
export function writeIntegrity(folder) {
  const hash = name => `sha384-${createHash('sha384').update(readFileSync(join(folder, name))).digest('base64')}`;
  const all = readdirSync(folder).sort().map(name => [name, hash(name)]);
  writeFileSync(join(folder, 'integrity.json'), JSON.stringify(Object.fromEntries(all), null, 2));
}

// Writes the npm package, from dist/: what is built lies in its dist/, which is all that a CDN or another
// static host needs; around it are the entries for bundlers and frameworks, the types, and what editors read.
//
//   npm run package                             into dist-package/
//   node widget/package.mjs --into <folder>     elsewhere
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dist, emptyFolder, fail, root, step } from './build/context.mjs';
import { FILES } from './build/parts.mjs';
import { writeEditorData } from './package/editors.mjs';
import { writeEntries, writeIntegrity } from './package/entries.mjs';
import { readManifest } from './package/manifest.mjs';
import { describePackage } from './package/npm.mjs';
import { namesOf, typesOf } from './package/types.mjs';

const { values } = parseArgs({ options: { into: { type: 'string', default: join(root, 'dist-package') } } });
const out = resolve(values.into);
const write = (file, text) => writeFileSync(join(out, file), text);

if (!existsSync(join(dist, FILES.loader))) fail('dist/ is empty: run "npm run build" first');

const manifest = await step('describe the element', readManifest);
emptyFolder(out);
cpSync(dist, join(out, 'dist'), { recursive: true });
await step('bundle the entries', () => writeEntries(join(out, 'dist')));
writeIntegrity(join(out, 'dist'));
for (const folder of ['lib', 'bin']) cpSync(join(root, 'widget/package', folder), join(out, folder), { recursive: true });
step('write the types', () => {
  write('lib/element.d.ts', typesOf(manifest));
  write('lib/names.js', namesOf(manifest));
});
step('write what editors read', () => writeEditorData(manifest, out));
write('custom-elements.json', JSON.stringify(manifest, null, 2));
for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) cpSync(join(root, licence), join(out, licence));
cpSync(join(root, 'widget/package/README.md'), join(out, 'README.md'));
write('package.json', JSON.stringify(describePackage(), null, 2));
console.log(`The package is in ${out}.`);

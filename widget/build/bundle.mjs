// esbuild: the loader, the glue with what links parts, and the rules for names; then the texts.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { bindings, dev, dist, fail, root } from './context.mjs';
import { FILES, LAUNCHER_STYLES, PARTS } from './parts.mjs';
import { styles } from './styles.mjs';
import { loaderWords, writeTexts } from './texts.mjs';

const common = { bundle: true, format: 'esm', target: 'es2022', minify: !dev, legalComments: 'none', charset: 'utf8' };

/** Writes the scripts of dist/; `build` is the id of what they fit. */
export async function bundle(build) {
  const js = name => join(root, 'widget/js', name);
  const glue = [
    "import init, { ChatHandle } from './dm3-chat.js';",
    `import { starter } from ${JSON.stringify(js('start.js'))};`,
    `export { fit } from ${JSON.stringify(js('fit.js'))};`,
    `export { sheet } from ${JSON.stringify(js('modules.js'))};`,
    'export { ChatHandle };',
    'export const start = starter(init, ChatHandle);',
    `export const BUILD = ${JSON.stringify(build)};`,
  ];
  const { outputFiles } = await esbuild.build({
    ...common,
    stdin: { contents: glue.join('\n'), resolveDir: bindings },
    define: {
      BUILD: JSON.stringify(build),
      AFTER: JSON.stringify(Object.fromEntries(PARTS.map(({ name, after }) => [name, after]))),
    },
    // What the bindings import from the linking module, they import once for each part: always the same module.
    logOverride: { 'duplicate-object-key': 'silent' },
    write: false,
  });
  writeFileSync(join(dist, FILES.glue), ownKeysAlone(outputFiles[0].text));
  await esbuild.build({ ...loaderOptions(build), entryPoints: [js('dm3-chat.js')], outfile: join(dist, FILES.loader) });
  await bundleIsolated();
  await esbuild.build({ ...common, entryPoints: [js('names.js')], outfile: join(dist, FILES.names) });
  writeTexts(build);
}

/** The isolated mode: what the loader imports for it, and the page that is embedded. */
export async function bundleIsolated() {
  const js = name => join(root, 'widget/js/isolated', name);
  await esbuild.build({ ...common, entryPoints: [js('host.js')], outfile: join(dist, FILES.isolated) });
  await esbuild.build({ ...common, entryPoints: [js('frame.js')], external: [`./${FILES.loader}`], outfile: join(dist, FILES.frame) });
  cpSync(join(root, 'widget/frame'), dist, { recursive: true });
}

/** How whatever holds the element's class is bundled, so that it fits `build`. */
export function loaderOptions(build) {
  return {
    ...common,
    external: [`./${FILES.glue}`, `./${FILES.names}`, `./${FILES.isolated}`],
    define: {
      LAUNCHER_CSS: JSON.stringify(styles(LAUNCHER_STYLES)),
      BUILD: JSON.stringify(build),
      TEXT: JSON.stringify(loaderWords()),
    },
  };
}

/** esbuild's loop over what a module exports would also find what old libraries have put on every object. */
function ownKeysAlone(code) {
  const loops = /for ?\(var (\w+) in (\w+)\)/g;
  const found = code.match(loops)?.length ?? 0;
  if (found !== 1) fail(`the glue has ${found} loops over names, where one is known`);
  return code.replace(loops, 'for(var $1 of Object.keys($2))');
}

// esbuild: the loader, the glue with what links parts, and the rules for names.
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { bindings, dev, dist, root } from './context.mjs';
import { FILES, LAUNCHER_STYLES, PARTS, chain } from './parts.mjs';
import { styles } from './styles.mjs';

const common = { bundle: true, format: 'esm', target: 'es2022', minify: !dev, legalComments: 'none', charset: 'utf8' };

/** Writes the scripts of dist/; `build` is the id of what they fit. */
export async function bundle(build) {
  const js = name => join(root, 'widget/js', name);
  const glue = [
    "export { default, ChatHandle } from './dm3-chat.js';",
    `export { provideModules } from ${JSON.stringify(js('link.js'))};`,
    `export const BUILD = ${JSON.stringify(build)};`,
  ];
  await esbuild.build({
    ...common,
    stdin: { contents: glue.join('\n'), resolveDir: bindings },
    outfile: join(dist, FILES.glue),
  });
  await esbuild.build({
    ...common,
    entryPoints: [js('dm3-chat.js')],
    external: [`./${FILES.glue}`, `./${FILES.names}`],
    define: {
      LAUNCHER_CSS: JSON.stringify(styles(LAUNCHER_STYLES)),
      BUILD: JSON.stringify(build),
      PARTS: JSON.stringify(Object.fromEntries(PARTS.map(({ name }) => [name, chain(name)]))),
    },
    outfile: join(dist, FILES.loader),
  });
  await esbuild.build({ ...common, entryPoints: [js('names.js')], outfile: join(dist, FILES.names) });
}

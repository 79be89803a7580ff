// The packages of other chats for web pages, which are measured beside the element. They and what they need are 450 MB, so they are
// installed here, and only when they are measured.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const FOLDER = fileURLToPath(new URL('../peers', import.meta.url));
export const packageFile = (name) => join(FOLDER, 'node_modules', name);

export function install() {
  if (existsSync(packageFile('converse.js'))) return;
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: 'inherit' });
  if (status !== 0) throw new Error('the other chats could not be installed');
}

/** One file of all that `what`, options of esbuild, names; made small. */
export async function bundled(what) {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['*.woff', '*.woff2', '*.ttf', '*.eot', '*.svg', '*.png'],
    logLevel: 'error',
    ...what,
  });
  return outputFiles[0].contents;
}

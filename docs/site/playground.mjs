// The playground (www/try): the element with a throw-away wallet, and an account that answers.

import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The page's script with the wallet in it. */
export async function playgroundScript() {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(ROOT, 'www/try/try.js')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0].text;
}

/** What try.json says: `echo` is the account that answers, `element` where the element's loader is. */
export const playgroundPlace = ({ nodeUrl, chainId, echo, element }) => JSON.stringify({ nodeUrl, chainId, echo, element });

/**
 * Writes the playground into the site's folder of static files, with the element of dist/. Which node it uses is the site's
 * operator's to say: in `DM3_TRY_NODE`, `DM3_TRY_ECHO` and `DM3_TRY_CHAIN_ID`; `npm start` says so itself. False if nothing was built.
 */
export async function writePlayground(folder, env = process.env) {
  if (!existsSync(join(ROOT, 'dist/dm3-chat.js'))) return false;
  const out = join(folder, 'try');
  mkdirSync(out, { recursive: true });
  copyFileSync(join(ROOT, 'www/demo.css'), join(folder, 'demo.css'));
  copyFileSync(join(ROOT, 'www/try/index.html'), join(out, 'index.html'));
  cpSync(join(ROOT, 'dist'), join(out, 'dm3-chat'), { recursive: true });
  writeFileSync(join(out, 'try.js'), await playgroundScript());
  const { DM3_TRY_NODE: nodeUrl, DM3_TRY_ECHO: echo, DM3_TRY_CHAIN_ID: chainId = '1' } = env;
  if (nodeUrl && echo) {
    const place = playgroundPlace({ nodeUrl, echo, chainId: Number(chainId), element: './dm3-chat/dm3-chat.js' });
    writeFileSync(join(out, 'try.json'), place);
  }
  return true;
}

// The element's CSS, as one small text.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { dev, root } from './context.mjs';

/** Files of styles/ in their order. */
export function styles(names) {
  const text = names.map(name => readFileSync(join(root, 'styles', `${name}.css`), 'utf8')).join('\n');
  return esbuild.transformSync(text, { loader: 'css', minify: !dev, charset: 'utf8' }).code.trim();
}

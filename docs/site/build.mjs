// npm run docs: the documentation as a site, into dist-docs/. Its pages are those of docs/, and what custom-elements.json tells of
// the element.
//
// VitePress (vuejs's, kept up; MIT) and what it needs are 100 MB, so they are installed here, and only by this command.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarationOf, readManifest } from '../../widget/package/manifest.mjs';
import { config, home, menu } from './config.mjs';
import { writePlayground } from './playground.mjs';
import { reference, theming } from './reference.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const docs = join(here, '..');
const pages = join(here, 'pages');
const out = join(here, '../../dist-docs');

/** What leads out of docs/ is no page of the site: its name alone stays. */
const inside = (text) => text.replace(/\[([^\]]*)\]\(\.\.\/[^)]*\)/g, '$1');

if (!existsSync(join(here, 'node_modules/vitepress'))) {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

rmSync(pages, { recursive: true, force: true });
mkdirSync(join(pages, '.vitepress'), { recursive: true });
const written = [];
for (const file of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
  const text = readFileSync(join(docs, file), 'utf8');
  written.push({ name: file.slice(0, -'.md'.length), title: text.match(/^# (.+)$/m)?.[1] ?? file });
  writeFileSync(join(pages, file), inside(text));
}
mkdirSync(join(pages, 'public'));
const PICTURES = /\.(png|svg|webp)$/;
for (const name of readdirSync(docs).filter((name) => PICTURES.test(name))) {
  // Pages name what lies beside them, the first page what is public.
  for (const folder of [pages, join(pages, 'public')]) copyFileSync(join(docs, name), join(folder, name));
}
copyFileSync(join(here, '../../www/icon.svg'), join(pages, 'public/icon.svg'));
if (!(await writePlayground(join(pages, 'public')))) console.log('dist/ is empty: the site comes without its playground ("npm run build" first).');

const chat = declarationOf(await readManifest());
writeFileSync(join(pages, 'reference.md'), reference(chat));
writeFileSync(join(pages, 'theming.md'), theming(chat));
copyFileSync(join(here, 'policy.md'), join(pages, 'policy.md'));
writeFileSync(join(pages, 'index.md'), home);
writeFileSync(join(pages, '.vitepress/config.json'), JSON.stringify({ ...config, themeConfig: { ...config.themeConfig, sidebar: menu(written) } }));
writeFileSync(
  join(pages, '.vitepress/config.mjs'),
  `import config from './config.json' with { type: 'json' };
// What looks like a tag in a text is the element, and no component.
export default { ...config, vue: { template: { compilerOptions: { isCustomElement: (tag) => tag.includes('-') } } } };
`,
);

const { build } = await import('vitepress');
await build(pages, { outDir: out });
console.log('The documentation is in dist-docs/; npm start serves it at /docs/.');

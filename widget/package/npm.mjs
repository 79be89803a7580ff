// The package.json of what is published. Nothing runs when it is installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../build/context.mjs';

const entry = (types, file) => ({ types: `./lib/${types}.d.ts`, default: file });

export function describePackage() {
  const { version, description, license, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    name: 'dm3-chat',
    version,
    description,
    license,
    // Once there is a public one, package.json says so; npm's proof of origin (`provenance`) asks for it.
    ...(repository && { repository }),
    keywords: ['dm3', 'chat', 'wallet', 'ethereum', 'ens', 'end-to-end-encryption', 'custom-element', 'web-component', 'wasm'],
    type: 'module',
    // Whoever only imports the class, or a wrapper, and does not use it, bundles nothing.
    sideEffects: ['./dist/index.js', './dist/dm3-chat.js'],
    main: './dist/index.js',
    types: './lib/index.d.ts',
    unpkg: './dist/dm3-chat.js',
    jsdelivr: './dist/dm3-chat.js',
    customElements: './custom-elements.json',
    'web-types': './web-types.json',
    // npm drops one that begins with ./ when it publishes.
    bin: { 'dm3-chat': 'bin/dm3-chat.js' },
    exports: {
      '.': entry('index', './dist/index.js'),
      './element': entry('element', './dist/element.js'),
      './loader': entry('loader', './lib/loader.js'),
      './react': entry('react', './lib/react.js'),
      './vue': entry('vue', './lib/vue.js'),
      './svelte': { types: './lib/svelte.d.ts' },
      './csp': entry('csp', './lib/csp.js'),
      './i18n/*.json': './dist/dm3-chat-text-*.json',
      './dist/*': './dist/*',
      './custom-elements.json': './custom-elements.json',
      './web-types.json': './web-types.json',
      './package.json': './package.json',
    },
    files: ['dist', 'lib', 'bin', '*.json', 'LICENSE-*'],
    engines: { node: '>=20' },
    peerDependencies: { react: '>=18', vue: '>=3.4' },
    peerDependenciesMeta: { react: { optional: true }, vue: { optional: true } },
    publishConfig: { access: 'public', provenance: true },
  };
}

// The npm package as it would be published: what is in it, what can be imported, what TypeScript and editors read of it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink, mkdir, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as esbuild from 'esbuild';
import ts from 'typescript';
import { ROOT } from '../setup/index.mjs';

const PACKAGE = join(ROOT, 'dist-package');
const read = (file) => readFileSync(join(PACKAGE, file), 'utf8');
const json = (file) => JSON.parse(read(file));

before(() => {
  execFileSync(process.execPath, ['widget/package.mjs'], { cwd: ROOT });
});

describe('what is published', () => {
  const files = () => {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--offline'], { cwd: PACKAGE, encoding: 'utf8' });
    return JSON.parse(packed)[0].files.map(({ path }) => path);
  };

  test('every file of the element, the entries and what describes them; nothing else', () => {
    const known = [
      /^dist\/dm3-chat[\w-]*\.(js|json|txt|wasm)$/,
      /^dist\/dm3-chat-frame\.(html|css|js)$/,
      /^dist\/(element|index)\.js$/,
      /^dist\/integrity\.json$/,
      /^lib\/(csp|loader|react|vue)\.(js|d\.ts)$/,
      /^lib\/(element|index|svelte)\.d\.ts$/,
      /^lib\/names\.js$/,
      /^bin\/dm3-chat\.js$/,
      /^(package|custom-elements|web-types|vscode\.(html|css)-custom-data)\.json$/,
      /^(README\.md|LICENSE-MIT|LICENSE-APACHE)$/,
    ];
    const published = files();
    assert.deepEqual(published.filter((path) => !known.some((pattern) => pattern.test(path))), []);
    for (const pattern of known) assert.ok(published.some((path) => pattern.test(path)), `nothing matches ${pattern}`);
    const built = readdirSync(join(ROOT, 'dist')).map((name) => `dist/${name}`);
    assert.deepEqual(built.filter((path) => !published.includes(path)), []);
  });

  test('nothing runs when it is installed, and nothing else is installed with it', () => {
    const { scripts, dependencies, optionalDependencies, peerDependenciesMeta, peerDependencies } = json('package.json');
    assert.deepEqual({ scripts, dependencies, optionalDependencies }, { scripts: undefined, dependencies: undefined, optionalDependencies: undefined });
    assert.ok(Object.keys(peerDependencies).every((name) => peerDependenciesMeta[name].optional));
  });

  test('every entry leads to files that are published', () => {
    const published = files();
    const targets = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets));
    const { exports, main, types, unpkg, jsdelivr, customElements, bin } = json('package.json');
    for (const target of [exports, main, types, unpkg, jsdelivr, customElements, bin].flatMap(targets)) {
      const pattern = new RegExp(`^${target.replace(/^\.\//, '').replaceAll('.', '\\.').replace('*', '.+')}$`);
      assert.ok(published.some((path) => pattern.test(path)), `${target} is not published`);
    }
    for (const name of ['dm3-chat.js', 'index.js']) assert.ok(json('package.json').sideEffects.includes(`./dist/${name}`));
  });

  test('npm publishes it as it is', () => {
    const { stderr } = spawnSync('npm', ['publish', '--dry-run', '--offline', '--provenance=false'], { cwd: PACKAGE, encoding: 'utf8' });
    assert.match(stderr, /dm3-chat@/);
    assert.doesNotMatch(stderr, /auto-corrected/);
  });

  test('each file has its hash, for the attribute integrity', () => {
    const hashes = json('dist/integrity.json');
    const built = readdirSync(join(PACKAGE, 'dist')).filter((name) => name !== 'integrity.json');
    assert.deepEqual(Object.keys(hashes).sort(), built.sort());
    for (const [name, hash] of Object.entries(hashes)) {
      const expected = createHash('sha384').update(readFileSync(join(PACKAGE, 'dist', name))).digest('base64');
      assert.equal(hash, `sha384-${expected}`, name);
    }
  });

  test('the files for bundlers name by literals what lies beside them', () => {
    const scripts = read('dist/element.js') + read('dist/dm3-chat-app.js');
    const named = [...scripts.matchAll(/new URL\(\s*["'`]\.?\/?([^"'`]+)["'`], ?import\.meta\.url\)/g)].map(([, name]) => name);
    for (const name of named) assert.ok(existsSync(join(PACKAGE, 'dist', name)), name);
    const data = readdirSync(join(PACKAGE, 'dist')).filter((name) => /^dm3-chat.*\.(json|txt|wasm)$/.test(name));
    assert.deepEqual(data.filter((name) => !named.includes(name)), []);
  });
});

describe('as an installed package', () => {
  let folder;

  before(async () => {
    folder = await mkdtemp(join(ROOT, 'tests/package/output-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(PACKAGE, join(folder, 'node_modules/dm3-chat'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const evaluate = (code) => execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, encoding: 'utf8' });

  test('the class and the loader can be imported on a server, where nothing is defined', () => {
    const printed = evaluate(`
      import * as all from 'dm3-chat';
      import { Dm3Chat } from 'dm3-chat/element';
      import { load } from 'dm3-chat/loader';
      console.log(all.Dm3Chat === Dm3Chat, Dm3Chat.observedAttributes.includes('node'), await load());`);
    assert.equal(printed, 'true true undefined\n');
  });

  test('the texts of each language can be imported, by their ids', () => {
    const printed = evaluate(`
      import { createRequire } from 'node:module';
      const { texts } = createRequire(process.cwd() + '/x.js')('dm3-chat/i18n/de.json');
      console.log(typeof texts.messages);`);
    assert.equal(printed, 'string\n');
  });

  test('what is imported and not used is left out of a bundle, and what defines the element is not', async () => {
    const bundled = async (contents) => {
      const stdin = { contents, resolveDir: folder };
      const { outputFiles } = await esbuild.build({ stdin, bundle: true, format: 'esm', write: false, preserveSymlinks: true });
      return outputFiles[0].text;
    };
    const unused = await bundled(`import { Dm3Chat } from 'dm3-chat/element'; import { load } from 'dm3-chat/loader'; console.log('shop');`);
    assert.equal(unused.replace(/\s*\/\/.*\n/g, '').trim(), 'console.log("shop");');
    assert.match(await bundled(`import 'dm3-chat';`), /customElements\.define/);
  });

  /** What TypeScript says of the file, with the types of this React. */
  async function faultsIn(file, reactTypes) {
    await cp(join(ROOT, 'tests/package/types', file), join(folder, file));
    const program = ts.createProgram([join(folder, file)], {
      strict: true,
      noEmit: true,
      jsx: ts.JsxEmit.ReactJSX,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      preserveSymlinks: true,
      resolveJsonModule: true,
      skipLibCheck: false,
      types: [],
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      paths: {
        react: [join(ROOT, 'node_modules', reactTypes)],
        'react/jsx-runtime': [join(ROOT, 'node_modules', reactTypes, 'jsx-runtime.d.ts')],
      },
    });
    return ts.getPreEmitDiagnostics(program).map(({ messageText, file: at, start }) => {
      const line = at ? `${at.fileName}:${at.getLineAndCharacterOfPosition(start).line + 1} ` : '';
      return line + ts.flattenDiagnosticMessageText(messageText, '\n');
    });
  }

  test('TypeScript knows the element in a page', async () => assert.deepEqual(await faultsIn('page.ts', '@types/react'), []));

  for (const [name, types] of [['18', '@types/react-18'], ['19', '@types/react']]) {
    test(`TypeScript knows it in React ${name}`, async () => assert.deepEqual(await faultsIn('react.tsx', types), []));
  }
});

describe('custom-elements.json', () => {
  const chat = () => json('custom-elements.json').modules[0].declarations[0];
  const names = (list) => list.map(({ name }) => name).sort();
  const sources = (folder, ending) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((name) => name.endsWith(ending))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
      .join('\n');
  const found = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();

  test('tells every attribute that the class observes', async () => {
    const { Dm3Chat } = await import('../../widget/js/element.js');
    const told = names(chat().attributes);
    assert.deepEqual(Dm3Chat.observedAttributes.filter((name) => !told.includes(name)), []);
  });

  test('tells every public property and method', async () => {
    const { Dm3Chat } = await import('../../widget/js/element.js');
    const own = Object.getOwnPropertyNames(Dm3Chat.prototype).filter((name) => !/^constructor$|Callback$/.test(name));
    assert.deepEqual(names(chat().members), own.sort());
  });

  test('the isolated mode brings every variable of the look into the frame, but for the panel’s place and size', async () => {
    const { LOOK } = await import('../../widget/js/isolated/channel.js');
    const outside = ['--dm3-height', '--dm3-offset-block', '--dm3-offset-inline', '--dm3-radius', '--dm3-width', '--dm3-z-index'];
    assert.deepEqual([...LOOK, ...outside].sort(), names(chat().cssProperties));
  });

  test('the isolated mode tells the page every event that is not the panel’s own', async () => {
    const { EVENTS } = await import('../../widget/js/isolated/channel.js');
    const own = ['show', 'after-show', 'hide', 'after-hide', 'before-sign'];
    assert.deepEqual([...Object.keys(EVENTS), ...own].map((name) => `dm3-${name}`).sort(), names(chat().events));
  });

  test('tells the variables that the styles read, and no other', () => {
    assert.deepEqual(names(chat().cssProperties), found(sources('styles', '.css'), /var\(\s*(--dm3-[\w-]+)/g));
  });

  test('tells the events that are sent, and no other', () => {
    const sent = [
      ...found(readFileSync(join(ROOT, 'widget/js/element.js'), 'utf8'), /#emit\('(dm3-[\w-]+)'/g),
      ...found(readFileSync(join(ROOT, 'widget/src/adapters/page.rs'), 'utf8'), /\("(dm3-[\w-]+)",/g),
    ];
    assert.deepEqual(names(chat().events), [...new Set(sent)].sort());
  });

  test('tells the parts that pages can style, and no other', () => {
    const drawn = sources('widget/src', '.rs');
    const inRust = [...drawn.matchAll(/\("part", ([^)]*)\)/g)].flatMap(([, text]) => found(text, /"([\w -]+)"/g));
    const inLoader = found(sources('widget/js', '.js'), /part: '([\w -]+)'/g);
    const parts = [...inRust, ...inLoader].flatMap((names) => names.split(' '));
    assert.deepEqual(names(chat().cssParts), [...new Set(parts)].sort());
  });

  test('says something of everything it tells', () => {
    const { attributes, events, cssParts, cssProperties, cssStates, slots } = chat();
    const mute = [...attributes, ...events, ...cssParts, ...cssProperties, ...cssStates, ...slots].filter(({ description }) => !description);
    assert.deepEqual(names(mute), []);
  });

  test('is what editors are told, too', () => {
    const [tag] = json('vscode.html-custom-data.json').tags;
    assert.equal(tag.name, 'dm3-chat');
    assert.deepEqual(names(tag.attributes), names(chat().attributes));
    const [element] = json('web-types.json').contributions.html.elements;
    assert.deepEqual(names(element.attributes), names(chat().attributes));
    const variables = json('vscode.css-custom-data.json').properties;
    assert.deepEqual(names(variables), names(chat().cssProperties));
  });
});

describe('dm3-chat csp', () => {
  const run = (...words) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(PACKAGE, 'bin/dm3-chat.js'), ...words], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const directive = (policy, name) => policy.split('; ').find((it) => it.startsWith(`${name} `))?.slice(name.length + 1);
  const policyOf = (...words) => {
    const { status, stdout, stderr } = run('csp', ...words, '--format', 'value');
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };

  test('the node is the only further host', () => {
    const policy = policyOf('https://node.example/');
    assert.equal(directive(policy, 'default-src'), "'none'");
    assert.equal(directive(policy, 'script-src'), "'self' 'wasm-unsafe-eval'");
    assert.equal(directive(policy, 'connect-src'), "'self' https://node.example wss://node.example");
    assert.equal(directive(policy, 'trusted-types'), "'none'");
  });

  test('an RPC address, a CDN and further hosts are named by their origins alone', () => {
    const policy = policyOf('https://node.example', '--rpc', 'https://rpc.example/key', '--cdn', 'https://cdn.example/a/b', '--host', 'https://other.example');
    assert.equal(directive(policy, 'script-src'), "'self' https://cdn.example 'wasm-unsafe-eval'");
    assert.match(directive(policy, 'connect-src'), /^'self' https:\/\/cdn\.example .* https:\/\/rpc\.example https:\/\/other\.example$/);
    assert.ok(!policy.includes('key'));
  });

  test('a nonce, strict-dynamic, and what is left out', () => {
    const policy = policyOf('https://node.example', '--nonce', 'abc123==', '--strict-dynamic', '--no-trusted-types', '--no-media');
    assert.equal(directive(policy, 'script-src'), "'self' 'nonce-abc123==' 'strict-dynamic' 'wasm-unsafe-eval'");
    assert.equal(directive(policy, 'img-src'), "'self' data:");
    assert.equal(directive(policy, 'media-src'), undefined);
    assert.ok(!policy.includes('trusted-types'));
  });

  test('every form holds the policy', () => {
    for (const form of ['header', 'value', 'meta', 'nginx', 'apache', 'netlify']) {
      assert.ok(run('csp', 'https://node.example', '--format', form).stdout.includes("default-src 'none'; "), form);
    }
  });

  test('a page whose chat is in a frame reaches the frame, and neither node nor WASM; the frame says who may embed it', () => {
    const page = policyOf('https://node.example', '--frame', 'https://chat.example/dm3-chat/dm3-chat-frame.html');
    assert.equal(directive(page, 'frame-src'), 'https://chat.example');
    assert.equal(directive(page, 'script-src'), "'self'");
    assert.equal(directive(page, 'connect-src'), "'self'");
    const frame = policyOf('https://node.example', '--embedder', 'https://shop.example/', '--embedder', 'https://other.example');
    assert.equal(directive(frame, 'frame-ancestors'), 'https://shop.example https://other.example');
    assert.equal(directive(frame, 'connect-src'), "'self' https://node.example wss://node.example");
    assert.equal(directive(policyOf('https://node.example'), 'frame-ancestors'), undefined);
  });

  test('isolation has its headers beside the policy', () => {
    const { stdout } = run('csp', 'https://node.example', '--isolated');
    const names = stdout.trim().split('\n').map((line) => line.split(': ')[0]);
    assert.deepEqual(names, ['Content-Security-Policy', 'Cross-Origin-Opener-Policy', 'Cross-Origin-Embedder-Policy']);
  });

  test('what can not be used is refused in words, and nothing is printed', () => {
    for (const [words, said] of [
      [['csp'], /the node is missing/],
      [['csp', 'node.example'], /is no address/],
      [['csp', 'http://node.example'], /must begin with https/],
      [['csp', "https://node.example;script-src"], /no (address|usable host)/],
      [['csp', 'https://node.example', '--strict-dynamic'], /needs a nonce/],
      [['csp', 'https://node.example', '--nonce', "x' *"], /letters, digits/],
      [['csp', 'https://node.example', '--isolated', '--format', 'meta'], /has no place for/],
      [['csp', 'https://node.example', '--frame', 'chat.example'], /is no address/],
      [['csp', 'https://node.example', '--frame', 'https://a.example', '--embedder', 'https://b.example'], /a policy each/],
      [['csp', 'https://node.example', '--embedder', 'https://b.example', '--format', 'meta'], /as a header alone/],
      [['csp', 'https://node.example', '--format', 'toString'], /a format is one of/],
      [['csp', 'https://node.example', '--unknown'], /unknown/i],
      [['policy'], /no command/],
    ]) {
      const { status, stdout, stderr } = run(...words);
      assert.equal(status, 2, words.join(' '));
      assert.match(stderr, said);
      assert.equal(stdout, '');
    }
  });
});

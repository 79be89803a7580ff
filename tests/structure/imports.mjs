// Which file of a Rust crate imports which: read from `use` declarations and from paths in the code.
//
// What a reader would call an import counts: a `use`, or a path such as `super::thread::PAGE`, of something that
// another file defines. Re-exports are followed to the file that defines the thing. What does not count: a parent that
// declares its children (`mod`) and passes on what they define (`pub use`) without using it itself; test code; the
// text of comments and strings.

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const TOKEN = /[A-Za-z_]\w*|::|\d\w*|[^\s]/gy;
// Comments (nested ones are handled by hand), raw and plain strings, characters; a lifetime is no character.
const NO_CODE = /\/\/[^\n]*|b?r(#*)"[\s\S]*?"\1|[bc]?"(?:[^"\\]|\\[\s\S])*"|b?'(?:[^'\\\n]|\\(?:u\{[^}]*\}|x..|.))'/y;

/** The words and signs of a Rust source, without comments and with `""` for every literal text. */
export function tokens(source) {
  const found = [];
  for (let at = 0; at < source.length; ) {
    if (/\s/.test(source[at])) {
      at += 1;
      continue;
    }
    if (source.startsWith('/*', at)) {
      let depth = 0;
      do {
        if (source.startsWith('/*', at)) [depth, at] = [depth + 1, at + 2];
        else if (source.startsWith('*/', at)) [depth, at] = [depth - 1, at + 2];
        else at += 1;
      } while (depth > 0 && at < source.length);
      continue;
    }
    NO_CODE.lastIndex = at;
    const skipped = NO_CODE.exec(source);
    if (skipped) {
      if (!skipped[0].startsWith('//')) found.push('""');
      at = NO_CODE.lastIndex;
      continue;
    }
    TOKEN.lastIndex = at;
    found.push(TOKEN.exec(source)[0]);
    at = TOKEN.lastIndex;
  }
  return found;
}

const isWord = (token) => /^[A-Za-z_]/.test(token ?? '');
const CLOSING = { '{': '}', '(': ')', '[': ']' };

/** The position after the bracket that closes the one at `at`. */
function afterGroup(code, at) {
  const [open, close] = [code[at], CLOSING[code[at]]];
  for (let depth = 0; at < code.length; at += 1) {
    if (code[at] === open) depth += 1;
    if (code[at] === close && (depth -= 1) === 0) return at + 1;
  }
  return at;
}

/** The position after an item: its block (and not what follows), or its semicolon. */
function afterItem(code, at) {
  for (; at < code.length; ) {
    if (code[at] === ';' || code[at] === ',') return at + 1;
    if (code[at] === '}') return at;
    if (code[at] === '{') return afterGroup(code, at);
    at = code[at] in CLOSING ? afterGroup(code, at) : at + 1;
  }
  return at;
}

/** `a::{b, c::*, d as e}` as `[{path, name}]`; `name` is what it is called here, `*` for all. */
function useTree(code, at, prefix = []) {
  const path = [...prefix];
  for (;;) {
    if (code[at] === '{') {
      const found = [];
      for (at += 1; code[at] !== '}'; ) {
        const [inner, next] = useTree(code, at, path);
        found.push(...inner);
        at = code[next] === ',' ? next + 1 : next;
      }
      return [found, at + 1];
    }
    if (code[at] === '::') {
      at += 1;
    } else if (code[at] === '*') {
      return [[{ path, name: '*' }], at + 1];
    } else if (code[at] === 'as') {
      return [[{ path, name: code[at + 1] }], at + 2];
    } else if (isWord(code[at])) {
      if (!(code[at] === 'self' && path.length > 0)) path.push(code[at]);
      at += 1;
    } else {
      return [[{ path, name: path.at(-1) }], at];
    }
  }
}

/** A module: of a file, or in braces within one. */
class Module {
  children = new Map();
  /** `{path, name, passedOn}` of the `use` declarations. */
  uses = [];
  /** Paths of two and more parts in the code. */
  paths = [];
  /** Words in the code that may be the use of a name that is only passed on. */
  words = new Set();

  constructor(name, file, parent) {
    Object.assign(this, { name, file, parent });
  }

  get root() {
    return this.parent?.root ?? this;
  }
}

class Crate {
  modules = [];

  constructor(folder, read) {
    this.read = read;
    this.root = this.file(null, join(folder, 'lib.rs'), null);
  }

  file(name, file, parent) {
    const module = new Module(name, file, parent);
    this.modules.push(module);
    const own = ['lib.rs', 'main.rs', 'mod.rs'].includes(basename(file));
    const folder = own ? dirname(file) : join(dirname(file), basename(file, '.rs'));
    this.fill(module, tokens(this.read(file)), folder);
    return module;
  }

  /** Reads the code of a module whose child files lie in `folder`. */
  fill(module, code, folder) {
    let path = null;
    for (let at = 0; at < code.length; ) {
      if (code[at] === '#' && (code[at + 1] === '[' || (code[at + 1] === '!' && code[at + 2] === '['))) {
        const end = afterGroup(code, code.indexOf('[', at));
        const attribute = code.slice(at, end).join('');
        at = end;
        if (attribute === '#[cfg(test)]') {
          while (code[at] === '#') at = afterGroup(code, at + 1);
          at = afterItem(code, at);
        }
        continue;
      }
      if (code[at] === 'mod' && isWord(code[at + 1]) && [';', '{'].includes(code[at + 2])) {
        const name = code[at + 1];
        if (code[at + 2] === ';') {
          const file = [join(folder, `${name}.rs`), join(folder, name, 'mod.rs')].find((file) => this.read(file) !== null);
          if (!file) throw new Error(`${module.file}: the file of "mod ${name}" was not found`);
          module.children.set(name, this.file(name, file, module));
          at += 3;
        } else {
          const end = afterGroup(code, at + 2);
          const inner = new Module(name, module.file, module);
          this.modules.push(inner);
          module.children.set(name, inner);
          this.fill(inner, code.slice(at + 3, end - 1), join(folder, name));
          at = end;
        }
        path = null;
        continue;
      }
      if (code[at] === 'use' && (isWord(code[at + 1]) || ['::', '{'].includes(code[at + 1]))) {
        const passedOn = code[at - 1] === 'pub' || (code[at - 1] === ')' && /pub\((crate|super|self|in.*)\)$/.test(code.slice(Math.max(0, at - 12), at).join('')));
        const [found, end] = useTree(code, at + 1);
        module.uses.push(...found.map((use) => ({ ...use, passedOn })));
        at = end;
        continue;
      }
      if (isWord(code[at]) && code[at - 1] !== '.' && code[at - 1] !== '::') {
        path = [code[at]];
        let end = at + 1;
        while (code[end] === '::' && isWord(code[end + 1])) {
          path.push(code[end + 1]);
          end += 2;
        }
        if (path.length > 1) module.paths.push(path);
        // Types and what is called or is the head of a path: a local variable of the same name is none of them.
        if (/^[A-Z]/.test(path[0]) || path.length > 1 || ['(', '!', '::'].includes(code[end])) module.words.add(path[0]);
        at = end;
        continue;
      }
      at += 1;
    }
  }

  /** The module that `path` begins in, and what is left of the path; null for other crates' paths. */
  start(module, [head, ...rest]) {
    if (head === 'crate') return [module.root, rest];
    if (head === 'self') return [module, rest];
    if (head === 'super') {
      let at = module.parent;
      while (at && rest[0] === 'super') [at, rest] = [at.parent, rest.slice(1)];
      return at ? [at, rest] : null;
    }
    return module.children.has(head) ? [module.children.get(head), rest] : null;
  }

  /** The file that defines what `path` means in `module`, or null. */
  definition(module, path, seen = new Set()) {
    const begin = this.start(module, path);
    if (!begin) return null;
    return this.lookUp(...begin, seen);
  }

  lookUp(module, rest, seen) {
    if (rest.length === 0 || rest[0] === '*') return module.file;
    const [name, ...more] = rest;
    if (module.children.has(name)) return this.lookUp(module.children.get(name), more, seen);
    const key = `${this.modules.indexOf(module)} ${name}`;
    if (seen.has(key)) return null;
    seen.add(key);
    const named = module.uses.find((use) => use.name === name);
    // An import of another crate that is passed on has no file here.
    if (named) return this.definition(module, [...named.path, ...more], seen);
    const all = module.uses.filter((use) => use.name === '*' && use.passedOn);
    for (const { path } of all) {
      const begin = this.start(module, path);
      const found = begin && this.lookUp(begin[0], [...begin[1], ...rest], seen);
      if (found && found !== begin[0].file) return found;
      if (found && this.declares(found, name)) return found;
    }
    return module.file;
  }

  /** Whether a file itself defines an item of this name. */
  declares(file, name) {
    return new RegExp(`\\b(fn|struct|enum|trait|type|const|static|union|macro_rules!)\\s+${name}\\b`).test(this.read(file));
  }

  *imports() {
    for (const module of this.modules) {
      const below = (file) => {
        for (let at = this.modules.find((other) => other.file === file); at; at = at.parent) {
          if (at === module) return true;
        }
        return false;
      };
      for (const { path, name, passedOn } of module.uses) {
        const file = this.definition(module, path);
        if (!file || file === module.file) continue;
        if (passedOn && below(file) && !module.words.has(name)) continue;
        yield [module.file, file, path.join('::')];
      }
      for (const path of module.paths) {
        const file = this.definition(module, path);
        if (file && file !== module.file) yield [module.file, file, path.join('::')];
      }
    }
  }
}

/**
 * The imports of the crate whose `lib.rs` lies in `folder`: `Map<file, Map<imported file, path in the code>>`, with
 * file names relative to the folder. `read` gives a file's text, or null where there is none.
 */
export function importsOf(folder, read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : null)) {
  const crate = new Crate(folder, read);
  const short = (file) => relative(folder, file);
  const graph = new Map(crate.modules.map(({ file }) => [short(file), new Map()]));
  for (const [from, to, path] of crate.imports()) {
    const imported = graph.get(short(from));
    if (!imported.has(short(to))) imported.set(short(to), path);
  }
  return graph;
}

/** The shortest circle through each file that is in one, each once: `[[file, …, file]]`. */
export function circlesIn(graph) {
  const circles = new Map();
  for (const start of graph.keys()) {
    const cameFrom = new Map();
    const queue = [start];
    search: for (const at of queue) {
      for (const next of graph.get(at).keys()) {
        if (next === start) {
          const circle = [];
          for (let file = at; file !== undefined; file = cameFrom.get(file)) circle.unshift(file);
          const first = circle.indexOf([...circle].sort()[0]);
          const turned = [...circle.slice(first), ...circle.slice(0, first)];
          circles.set(turned.join(' '), turned);
          break search;
        }
        if (!cameFrom.has(next) && next !== start) {
          cameFrom.set(next, at);
          queue.push(next);
        }
      }
    }
  }
  return [...circles.values()];
}

/** A circle in words: who imports whom, and by which path. */
export function inWords(circle, graph) {
  return circle
    .map((file, index) => {
      const next = circle[(index + 1) % circle.length];
      return `${file} imports ${next} (${graph.get(file).get(next)})`;
    })
    .join(', ');
}

/** The imports between rooms: a folder below the crate's root, or a file there, is a room. */
export function roomsOf(graph) {
  const room = (file) => file.split('/')[0].replace(/\.rs$/, '');
  const rooms = new Map([...graph.keys()].map((file) => [room(file), new Map()]));
  for (const [from, imported] of graph) {
    for (const [to, path] of imported) {
      if (room(from) !== room(to)) rooms.get(room(from)).set(room(to), `${path} in ${from}`);
    }
  }
  return rooms;
}

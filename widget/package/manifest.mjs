// custom-elements.json: what the class says of itself in its comments, and what its code says.
//
// `@custom-elements-manifest/analyzer` (open-wc's; MIT) reads the comments; the format is the one that editors and
// documentation tools know.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli } from '@custom-elements-manifest/analyzer/cli.js';
import { root } from '../build/context.mjs';
import { Dm3Chat } from '../js/element.js';

const SOURCE = 'widget/js/element.js';
const ENTRY = 'dist/element.js';

const camelCase = name => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

export async function readManifest() {
  const manifest = await cli({ argv: ['analyze', '--globs', SOURCE, '--quiet'], cwd: root, noWrite: true });
  const [module] = manifest.modules;
  module.path = ENTRY;
  const chat = declarationOf(manifest);
  chat.superclass = { name: 'HTMLElement' };
  for (const { declaration } of module.exports) declaration.module = ENTRY;
  module.exports.push({ kind: 'custom-element-definition', name: chat.tagName, declaration: { name: chat.name, module: ENTRY } });
  chat.attributes.sort((one, other) => placeOf(one) - placeOf(other));
  chat.members = [...chat.members.filter(isPublic).map(documented), ...propertiesOf(chat)];
  chat.events = chat.events.filter(({ name }) => name.startsWith('dm3-'));
  return manifest;
}

/** The element's class in the manifest. */
export const declarationOf = ({ modules }) => modules[0].declarations.find(({ name }) => name === 'Dm3Chat');

/** Where an attribute is described: the analyzer lists first what it finds in the code. */
const placeOf = ({ name }) => described.findIndex(([, told]) => told === name);
const described = [...readFileSync(join(root, SOURCE), 'utf8').matchAll(/@attr \{[^}]*\} \[?([\w-]+)/g)];

/** The class's own workings have no comment that says a type. */
function isPublic({ kind, privacy, return: returned, type, static: onClass, name }) {
  return privacy !== 'private' && !onClass && name in Dm3Chat.prototype && Boolean(kind === 'method' ? returned : type);
}

/** The analyzer lists a parameter that is taken apart under its pattern, and its comment as one more. */
function documented(member) {
  if (member.kind !== 'method' || !member.parameters) return member;
  const parameters = member.parameters.filter(({ name }) => !name.startsWith('{'));
  return { ...member, parameters: parameters.map(it => (it.name === 'options' ? { ...it, optional: true } : it)) };
}

/** Attributes that are properties, too. Those that every element has, as `lang`, are not listed again. */
function propertiesOf(chat) {
  const has = name => chat.members.some(member => member.name === name && member.type);
  const own = chat.attributes.filter(({ name }) => Object.hasOwn(Dm3Chat.prototype, camelCase(name)));
  return own.flatMap(({ name, type, description }) => {
    const field = camelCase(name);
    return has(field) ? [] : [{ kind: 'field', name: field, type, description, attribute: name, reflects: true }];
  });
}

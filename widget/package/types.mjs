// TypeScript's view of the element, and the names that the wrappers pass on: both made from custom-elements.json.
import { textsOf } from '../build/texts.mjs';
import { ERRORS, FAILURES } from './codes.mjs';
import { declarationOf } from './manifest.mjs';

const comment = text => (text ? `/** ${text.replace(/\s+/g, ' ')} */\n  ` : '');
const list = rows => rows.map(row => `  ${row}`).join('\n');
const union = codes => Object.entries(codes).map(([code, meaning]) => `  /** ${meaning} */\n  | '${code}'`).join('\n');
const quoted = name => (/^\w+$/.test(name) ? name : `'${name}'`);
const pascal = name => name.replace(/(^|-)(.)/g, (_, dash, letter) => letter.toUpperCase());

export function typesOf(manifest) {
  const chat = declarationOf(manifest);
  const fields = chat.members.filter(({ kind }) => kind === 'field');
  const methods = chat.members.filter(({ kind }) => kind === 'method');
  const attributes = chat.attributes.map(({ name, type, description }) => `${comment(description)}${quoted(name)}?: ${type.text};`);
  const settable = fields.filter(({ readonly }) => !readonly);
  return `// Made from the element's comments (custom-elements.json).

/** A wallet, as EIP-1193 describes it. */
export interface Eip1193Provider {
  request(request: { method: string; params?: any }): Promise<any>;
  on?(event: string, listener: (...values: any[]) => void): unknown;
  removeListener?(event: string, listener: (...values: any[]) => void): unknown;
}

/** What the element can be given words for, with the property \`strings\`. */
export type TextId =
${Object.keys(textsOf('en')).map(id => `  | '${id}'`).join('\n')};

/** Texts of the page's own. */
export type OwnTexts = Partial<Record<TextId, string>>;

/** Why something failed, as \`dm3-error\` tells. A later version may have further ones. */
export type Dm3ErrorCode =
${union(ERRORS)};

/** What the promise of a method fails with. */
export interface Dm3Failure extends Error {
  code:
${union(FAILURES).replace(/^/gm, '  ')};
}

export interface Dm3ChatEventMap {
${list(chat.events.map(({ name, type, description }) => `${comment(description)}'${name}': ${type.text};`))}
}

/** The element's attributes, as HTML writes them. */
export interface Dm3ChatAttributes {
${list(attributes)}
}

/** The properties that a page may set. */
export interface Dm3ChatProperties {
${list(settable.map(({ name, type, description }) => `${comment(description)}${name}?: ${type.text};`))}
}

/** ${chat.description} */
export declare class Dm3Chat extends HTMLElement {
${list([...fields.flatMap(declared), ...methods.map(signature)])}
  addEventListener<K extends keyof Dm3ChatEventMap>(
    type: K,
    listener: (this: Dm3Chat, event: Dm3ChatEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: Dm3Chat, event: HTMLElementEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof Dm3ChatEventMap>(
    type: K,
    listener: (this: Dm3Chat, event: Dm3ChatEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

/** What may be pushed into \`window.dm3Chat\`, also before the script has loaded. */
export type Dm3ChatCommand =
  | ['open', ({ to?: string } & NonNullable<Parameters<Dm3Chat['openConversation']>[1]>)?]
  | ['connect', Eip1193Provider?]
  | ['show' | 'hide' | 'toggle' | 'disconnect' | 'reset'];

declare global {
  interface HTMLElementTagNameMap {
    'dm3-chat': Dm3Chat;
  }
  interface Window {
    dm3Chat?: Pick<Dm3ChatCommand[], 'push'>;
  }
}
`;
}

/** Attributes read as an empty text where there is none, and are removed by nothing. */
function declared({ name, type, description, readonly, attribute }) {
  if (!attribute) return [`${comment(description)}${readonly ? 'readonly ' : ''}${name}: ${type.text};`];
  const read = type.text.includes("'") ? `${type.text} | ''` : type.text;
  return [`${comment(description)}get ${name}(): ${read};`, `set ${name}(value: ${type.text} | null | undefined);`];
}

function signature({ name, parameters = [], return: returned, description }) {
  const list = parameters.map(({ name, type, optional }) => `${name}${optional ? '?' : ''}: ${type.text}`);
  return `${comment(description)}${name}(${list.join(', ')}): ${returned.type.text};`;
}

/** What the wrappers for React and Vue need to know. */
export function namesOf(manifest) {
  const chat = declarationOf(manifest);
  const camel = name => pascal(name).replace(/^./, letter => letter.toLowerCase());
  const attributes = chat.attributes.map(({ name }) => [camel(name), name]);
  const flags = chat.attributes.filter(({ type }) => type.text === 'boolean').map(({ name }) => camel(name));
  const properties = chat.members.filter(({ kind, attribute, readonly, name }) => {
    return kind === 'field' && !attribute && !readonly && !chat.attributes.some(it => it.name === name);
  });
  const events = chat.events.map(({ name }) => name.slice('dm3-'.length));
  return `// Made from custom-elements.json.
/** Attributes, by their names in camel case. */
export const ATTRIBUTES = ${JSON.stringify(Object.fromEntries(attributes))};
/** Those of them that are there or not. */
export const FLAGS = ${JSON.stringify(flags)};
/** Properties that are no attributes. */
export const PROPERTIES = ${JSON.stringify(properties.map(({ name }) => name))};
/** Events, without their prefix. */
export const EVENTS = ${JSON.stringify(events)};
/** Their handlers' names in JSX. */
export const HANDLERS = ${JSON.stringify(Object.fromEntries(events.map(name => [`on${pascal(name)}`, `dm3-${name}`])))};
`;
}

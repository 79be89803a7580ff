// The texts of each language (widget/texts), in ICU MessageFormat. English is in the WASM (widget/build.rs); each language is
// a file of its own, too, which the loader fetches when it is wanted.
//
// `@formatjs/icu-messageformat-parser`, the reader of the format that FormatJS keeps, checks what is written. What reads the
// messages in the element (widget/src/texts/message.rs) knows only what `read` lets pass.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TYPE, parse } from '@formatjs/icu-messageformat-parser';
import { dist, fail, root } from './context.mjs';
import { wordingFaults } from './wording.mjs';

const FOLDER = join(root, 'widget/texts');
const RIGHT_TO_LEFT = ['ar', 'fa', 'he', 'ur'];
/** What is put into a text may run the other way: each is isolated from what is around it (FSI and PDI of Unicode). */
const isolated = text => text.replace(/\{(\w+)\}/g, '\u2068{$1}\u2069');
const LOADER = 'loader.';
const NONE = 'none';

/** Languages that can be spoken, by their codes. */
export const LANGUAGES = readdirSync(FOLDER).map(name => name.replace('.json', ''));

export const textFile = language => `dm3-chat-text-${language}.json`;

/** `{ id: message }`. */
export const textsOf = language => JSON.parse(readFileSync(join(FOLDER, `${language}.json`), 'utf8'));

/** What the loader says before it has a language: English. */
export function loaderWords() {
  const words = Object.entries(textsOf('en')).filter(([id]) => id.startsWith(LOADER));
  return Object.fromEntries(words.map(([id, words]) => [id.slice(LOADER.length), words]));
}

/** Writes the languages' files. Their messages have the order by which the WASM knows them (widget/build.rs). */
export function writeTexts(build) {
  const english = textsOf('en');
  const isWord = id => read(english[id], []).names === NONE;
  const group = id => (id.includes('.') ? id.slice(0, id.indexOf('.')) : '');
  const compare = (one, other) => (one < other ? -1 : Number(one > other));
  const ids = Object.keys(english).sort(
    (one, other) =>
      isWord(other) - isWord(one) || (isWord(one) && compare(group(one), group(other))) || compare(one, other),
  );
  for (const language of LANGUAGES) {
    const texts = textsOf(language);
    const faults = faultsIn(texts, english, language);
    if (faults.length > 0) fail(`texts/${language}.json:\n  ${faults.join('\n  ')}`);
    const rtl = RIGHT_TO_LEFT.includes(language);
    const said = ids.map(id => [id, rtl ? isolated(texts[id]) : texts[id]]);
    const file = { build, dir: rtl ? 'rtl' : 'ltr', texts: Object.fromEntries(said) };
    writeFileSync(join(dist, textFile(language)), JSON.stringify(file));
  }
}

/** What is wrong with the texts of a language, in words. */
export function faultsIn(texts, english, language) {
  const missing = Object.keys(english).filter(id => !(id in texts));
  const unknown = Object.keys(texts).filter(id => !(id in english));
  // Those of numbers that are counted here: some languages have one more for millions.
  const rules = new Intl.PluralRules(language);
  const categories = [...new Set(Array.from({ length: 1_000 }, (_, number) => rules.select(number)))];
  const common = Object.keys(english).filter(id => id in texts);
  const wrong = common.flatMap(id => {
    const [here, there] = [texts[id], english[id]];
    const faults = [...faultsOf(here, there, categories), ...wordingFaults(here, there, language)];
    return faults.map(fault => `${id} ${fault}`);
  });
  return [...missing.map(id => `${id} is missing`), ...unknown.map(id => `${id} is not in English`), ...wrong];
}

function faultsOf(message, english, categories) {
  try {
    const [here, there] = [read(message, categories), read(english, [])];
    const same = here.names === there.names;
    return same ? here.faults : [...here.faults, `has the arguments ${here.names}; in English ${there.names}`];
  } catch (error) {
    return [`is malformed: ${error.message}`];
  }
}

/** The names of a message's arguments with their kinds, and what the element could not read or a plural lacks. */
function read(message, categories) {
  const [found, faults] = [new Set(), []];
  if (/'['{}#]/.test(message)) faults.push('quotes something, which the element does not know');
  const visit = element => {
    switch (element.type) {
      case TYPE.literal:
      case TYPE.pound:
        return;
      case TYPE.argument:
        return found.add(element.value);
      case TYPE.plural:
        if (element.offset !== 0 || element.pluralType !== 'cardinal') faults.push('has a plural that the element does not know');
        found.add(`${element.value}, plural`);
        faults.push(...categories.filter(it => !(it in element.options)).map(it => `has no plural form “${it}”`));
        break;
      default:
        return faults.push('has something that the element does not know');
    }
    for (const { value } of Object.values(element.options)) value.forEach(visit);
  };
  parse(message).forEach(visit);
  return { faults, names: [...found].sort().join('; ') || NONE };
}

// Which language is spoken, and its texts. One for all elements of the page: WASM has one voice.
/* global TEXT -- the build puts in what the loader says in English */
import { asset } from './assets.js';
import { kept } from './kept.js';
import { expectBuild } from './version.js';

/** Longer than any text has reason to be. */
const LONGEST = 1_000;

/**
 * `locale`: for `Intl`. `ids`: of the messages, in the order by which the application knows them. `texts`: two lists, what the
 * page says and what the language says; what neither has is said in English.
 */
export let spoken = { locale: 'en', dir: 'ltr', ids: [], texts: [[], []] };

/** Bundlers need literal names. One for each language of widget/texts. */
export const FILES = {
  ar: () => new URL('./dm3-chat-text-ar.json', import.meta.url),
  de: () => new URL('./dm3-chat-text-de.json', import.meta.url),
  en: () => new URL('./dm3-chat-text-en.json', import.meta.url),
  es: () => new URL('./dm3-chat-text-es.json', import.meta.url),
  fr: () => new URL('./dm3-chat-text-fr.json', import.meta.url),
  zh: () => new URL('./dm3-chat-text-zh.json', import.meta.url),
};

let app;
let asked = 0;
/** Milliseconds until it is tried again, longer each time. */
let wait = 2_500;
const fetched = {};

/** The texts of a language: fetched once, and again when that failed. */
async function load(language) {
  const file = (fetched[language] ??= await (await fetch(asset(`-text-${language}.json`, FILES[language]))).json());
  expectBuild(file.build, language);
  return file;
}

/**
 * The first that is spoken of what the element, the person – in the settings –, the page and the browser want: its code, and
 * for `Intl`.
 */
function wanted(element) {
  for (const tag of [element.lang, kept('language'), element.closest('[lang]')?.lang, ...navigator.languages]) {
    try {
      const { language, baseName } = new Intl.Locale(tag);
      if (Object.hasOwn(FILES, language)) return [language, baseName];
    } catch {
      // No language.
    }
  }
  return ['en', 'en'];
}

/** A word of the loader's own. */
export function word(name) {
  const at = spoken.ids.indexOf(`loader.${name}`);
  const [said, texts] = spoken.texts;
  return said[at] ?? texts[at] ?? TEXT[name];
}

/** What there is to say in the language that `element` wants. Fails where it can't be fetched. */
async function learn(element) {
  const [language, locale] = wanted(element);
  const { strings } = element;
  // English is in the application.
  const { dir = 'ltr', texts = {} } = language !== 'en' || strings ? await load(language) : {};
  const ids = Object.keys(texts);
  const said = ids.map(id => {
    const text = strings?.[id];
    return typeof text === 'string' && text.length <= LONGEST ? text : null;
  });
  return { locale, dir, ids, texts: [said, Object.values(texts)] };
}

/** Begins to speak what `element` wants, and tells when that is so. What can't be fetched is asked for again later. */
export async function speak(element, done) {
  const turn = ++asked;
  const learnt = element && (await learn(element).catch(() => {
    pause((wait *= 2)).then(() => turn === asked && speak(element, done));
  }));
  if (!learnt || turn !== asked) return;
  spoken = learnt;
  tell(app);
  done();
}

/** Tells the application, once it is there, what to say. */
export function tell(ChatHandle) {
  app = ChatHandle;
  app?.speak(spoken.locale, spoken.texts);
}

export const pause = time => new Promise(done => setTimeout(done, time));

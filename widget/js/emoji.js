// Emoji with their names, a file for each language beside this module, as widget/build/emoji.mjs writes them.

/** Bundlers need literal names. */
const FILES = {
  en: () => new URL('./dm3-chat-emoji-en.txt', import.meta.url),
  de: () => new URL('./dm3-chat-emoji-de.txt', import.meta.url),
  fr: () => new URL('./dm3-chat-emoji-fr.txt', import.meta.url),
  es: () => new URL('./dm3-chat-emoji-es.txt', import.meta.url),
  zh: () => new URL('./dm3-chat-emoji-zh.txt', import.meta.url),
  ar: () => new URL('./dm3-chat-emoji-ar.txt', import.meta.url),
};

/** The text of the file for `language`; the English one, if there is none. */
export async function fetchEmoji(language) {
  const response = await fetch((FILES[language] ?? FILES.en)());
  const type = response.headers.get('content-type') ?? '';
  // Some servers answer with a page where nothing is any more.
  if (!response.ok || type.startsWith('text/html')) throw new Error(`emoji: ${response.status}`);
  return response.text();
}

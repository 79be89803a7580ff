// Emoji with their names and what they are found by, a file for each language: order and groups by the package
// unicode-emoji-json, names and words by cldr-annotations-full, Unicode's own (both read at build time alone). Pickers of
// the registry – emoji-picker-element, emoji-mart – write markup and style elements, which the pages' policies forbid.
//
//   #smileys_emotion
//   😀<tab>grinning face<tab>cheerful;happy;smile
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { dist } from './context.mjs';

/** What most devices of the last years can draw. */
const NEWEST = 15;
/** As in `FILES` of widget/js/emoji.js. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'zh', 'ar'];
const VARIATION = /\uFE0F/g;

/** Writes the files to dist/. */
export function writeEmoji() {
  const read = createRequire(import.meta.url);
  const groups = read('unicode-emoji-json/data-by-group.json');
  for (const language of LANGUAGES) {
    const { annotations } = read(`cldr-annotations-full/annotations/${language}/annotations.json`).annotations;
    const lines = groups.flatMap(({ slug, emojis }) => [`#${slug}`, ...emojis.filter(isUsual).map(emoji => line(emoji, annotations))]);
    writeFileSync(join(dist, `dm3-chat-emoji-${language}.txt`), `${lines.join('\n')}\n`);
  }
}

const isUsual = ({ emoji_version: version }) => Number(version) <= NEWEST;

function line({ emoji, name }, annotations) {
  const known = annotations[emoji] ?? annotations[emoji.replace(VARIATION, '')];
  const named = known?.tts?.[0] ?? name;
  const words = (known?.default ?? []).filter(word => word !== named);
  return [emoji, named, words.join(';').toLowerCase()].map(text => text.replace(/[\t\n]/g, ' ')).join('\t');
}

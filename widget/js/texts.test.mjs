// The texts of all languages: each has every message of the English ones, with the same arguments, in a form that the element reads.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LANGUAGES, faultsIn, textFile, textsOf } from '../build/texts.mjs';
import { FILES } from './languages.js';

const ENGLISH = textsOf('en');
/** What the loader lets the page say is shorter (widget/js/languages.js). */
const TOO_LONG = 1_001;

describe('the texts', () => {
  test('there are six languages', () => assert.deepEqual(LANGUAGES, ['ar', 'de', 'en', 'es', 'fr', 'zh']));

  test('the loader knows the file of each', () => {
    const known = Object.entries(FILES).map(([language, url]) => [language, url().pathname.split('/').pop()]);
    assert.deepEqual(known, LANGUAGES.map(language => [language, textFile(language)]));
  });

  for (const language of LANGUAGES) {
    test(`${language} says everything, with the same arguments and all its plural forms`, () => {
      assert.deepEqual(faultsIn(textsOf(language), ENGLISH, language), []);
    });

    test(`${language} has no markup and no text that is too long`, () => {
      for (const [id, text] of Object.entries(textsOf(language))) {
        assert.doesNotMatch(text, /[<>]|&\w+;/, id);
        assert.ok(text.trim() !== '' && text.length < TOO_LONG, id);
      }
    });
  }

  test('what is missing, unknown, malformed or different is found', () => {
    const faults = (texts, english) => faultsIn(texts, english, 'ar');
    assert.deepEqual(faults({}, { a: 'A' }), ['a is missing']);
    assert.deepEqual(faults({ a: 'A' }, {}), ['a is not in English']);
    assert.match(faults({ a: '{' }, { a: 'A' })[0], /^a is malformed/);
    assert.deepEqual(faults({ a: 'A' }, { a: '{name}' }), ['a has the arguments none; in English name']);
    const plural = '{count, plural, one {#} other {#}}';
    assert.deepEqual(faults({ a: plural }, { a: plural }).map(fault => fault.match(/“\w+”/)[0]), ['“zero”', '“two”', '“few”', '“many”']);
    assert.match(faults({ a: '{count, number}' }, { a: '{count, number}' })[0], /does not know/);
  });
});

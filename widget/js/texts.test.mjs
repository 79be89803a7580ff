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
    test(`${language} says everything, with the same arguments and all its plural forms, in its own words and marks`, () => {
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

  test('what addresses somebody otherwise, or calls a thing by another word, is found', () => {
    const found = (language, text) => faultsIn({ a: text }, { a: 'A' }, language).map(fault => fault.match(/“(.+?)”/)[1]);
    assert.deepEqual(faultsIn({ a: 'Ist das dein Konto?' }, { a: 'A' }, 'de'), ['a has “dein”: who reads is “Sie”']);
    assert.deepEqual(found('de', 'Dieser Name ist vergeben. Wähle einen anderen.'), ['Wähle']);
    assert.deepEqual(found('de', 'Kein Gespräch ist offen'), ['Gespräch']);
    assert.deepEqual(found('de', 'Unterschreiben und veröffentlichen'), ['Unterschreiben']);
    assert.deepEqual(found('es', 'Usted decide quién lo recibe.'), ['Usted']);
    assert.deepEqual(found('es', 'Su nodo no guarda historial.'), ['Su nodo']);
    assert.deepEqual(found('es', 'Apostar con tu cartera'), ['cartera', 'Apostar']);
    assert.deepEqual(found('fr', 'L’opérateur t’écrit.'), ['t’écrit', 'opérateur']);
    assert.deepEqual(found('zh', '查找您的会话'), ['您', '会话']);
    assert.deepEqual(found('ar', 'الأسماء وخدمات التوصيل والأجهزة'), ['خدمات التوصيل']);
  });

  test('words that only look like those are let pass', () => {
    const passes = (language, text) => assert.deepEqual(faultsIn({ a: text }, { a: 'A' }, language), []);
    passes('de', 'Ein neuer Versuch: Die Dinge verwenden Sie, wenn die Dauer und der Industrie-Einsatz stimmen.');
    passes('es', 'Quizá alguien escriba: avisa a su dueño. Su operador debe arreglarlo. Ábrelo.');
    passes('fr', 'Votre portefeuille a-t-il assez de ce jeton\u202f? Toutes les teintes du tout.');
    passes('ar', 'توصيل المحفظة');
    passes('zh', '给 bob.eth 的消息：1.5 MB');
  });

  test('marks of another language, and blanks that say nothing, are found', () => {
    const isFound = (language, text) => assert.equal(faultsIn({ a: text }, { a: 'A' }, language).length, 1, `${language}: ${text}`);
    for (const language of LANGUAGES) for (const text of ['A "b"', 'A...', 'A  b', 'A ', ' A']) isFound(language, text);
    for (const language of ['ar', 'en', 'es', 'fr', 'zh']) isFound(language, 'A …');
    for (const text of ['A…', 'A …', '«A»', '“A”']) isFound('de', text);
    for (const text of ['A ; b', 'A ?', 'A!', 'A : b', 'A: b', '« A »', '«A\u202f»', '“A”', '{count} %']) {
      assert.notDeepEqual(faultsIn({ a: text }, { a: text }, 'fr'), [], text);
    }
    for (const text of ['消息, 消息', '消息.', '«消息»', '消息……']) isFound('zh', text);
    for (const text of ['رسالة, رسالة', 'رسالة?', 'أولاً', '“رسالة”']) isFound('ar', text);
    assert.deepEqual(faultsIn({ a: ' (fait)', b: 'Nonce\u00a0: «\u202fNonce:\u202f» à https://b' }, { a: ' (done)', b: 'B' }, 'fr'), []);
  });
});

// Scripts in the reasons why a name is refused: by codes, by which the browser calls them in every language.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { normalise } from './names.js';

/** A name below .eth in the letters of each script that the library calls by a name; next to it a letter of another one. */
const MIXED = {
  Arab: 'سа', Armn: 'աб', Beng: 'কб', Bopo: 'ㄅб', Cyrl: 'бa', Deva: 'कб', Ethi: 'ሀб', Geor: 'აб', Grek: 'λб', Gujr: 'કб',
  Guru: 'ਕб', Hani: '漢б', Hebr: 'אб', Jpan: 'あб', Knda: 'ಕб', Khmr: 'កб', Kore: '한б', Laoo: 'ກб', Latn: 'zб', Mlym: 'കб',
  Mymr: 'ကб', Orya: 'କб', Sinh: 'කб', Taml: 'கб', Telu: 'కб', Thaa: 'ހб', Thai: 'กб', Tibt: 'ཀб', Cher: 'Ꭰб',
};

describe('why a name is refused', () => {
  test('every script that is named in a reason has a code that the browser knows', () => {
    const names = new Intl.DisplayNames('en', { type: 'script', fallback: 'none' });
    for (const [code, name] of Object.entries(MIXED)) {
      const { reason } = normalise(`${name}.eth`);
      const [first, second] = reason.match(/^illegal mixture: (.+?) \+ (\S+) /).slice(1);
      assert.ok([first, second].includes(code), `${code}: ${reason}`);
      for (const each of [first, second]) assert.ok(names.of(each), `${each}: ${reason}`);
    }
  });

  test('what a whole label is taken for has a code, too', () => {
    assert.deepEqual(normalise('аррӏе.eth'), { label: 'аррӏе', reason: 'whole-script confusable: Cyrl/Latn' });
  });

  test('other reasons stay in the words of the library', () => {
    assert.equal(normalise('ö..eth').reason, 'empty label');
    assert.match(normalise('ö b.eth').reason, /^disallowed character: /);
  });
});

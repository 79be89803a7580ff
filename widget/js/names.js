// The rules of ENSIP-15 for names outside ASCII, in a file of their own: fetched when the first such name is met. `xnf`
// leaves Unicode's normal forms to the browser.
import { ens_normalize, ens_split } from '@adraffy/ens-normalize/xnf';

/** What ISO 15924, and so the browser, calls the scripts that the library calls by English names; of others it says these codes. */
const CODES = {
  Arabic: 'Arab',
  Armenian: 'Armn',
  Bengali: 'Beng',
  Bopomofo: 'Bopo',
  Cyrillic: 'Cyrl',
  Devanagari: 'Deva',
  Ethiopic: 'Ethi',
  Georgian: 'Geor',
  Greek: 'Grek',
  Gujarati: 'Gujr',
  Gurmukhi: 'Guru',
  Han: 'Hani',
  Hebrew: 'Hebr',
  Japanese: 'Jpan',
  Kannada: 'Knda',
  Khmer: 'Khmr',
  Korean: 'Kore',
  Lao: 'Laoo',
  Latin: 'Latn',
  Malayalam: 'Mlym',
  Myanmar: 'Mymr',
  Oriya: 'Orya',
  Sinhala: 'Sinh',
  Tamil: 'Taml',
  Telugu: 'Telu',
  Thaana: 'Thaa',
  Tibetan: 'Tibt',
};

/** The same reason with its scripts by their codes; one that has none here stays as it is. */
const coded = reason => reason.replace(/Restricted\[(\w+)\]|[A-Z][a-z]+/g, (name, code) => code ?? CODES[name] ?? name);

/** `{ name }`, or `{ label, reason }` of the first label that breaks a rule, in the library's words, but for its scripts. */
export function normalise(name) {
  try {
    return { name: ens_normalize(name) };
  } catch (error) {
    const broken = ens_split(name).find(label => label.error);
    if (!broken) return { label: name, reason: coded(error.message) };
    return { label: String.fromCodePoint(...broken.input), reason: coded(broken.error.message) };
  }
}

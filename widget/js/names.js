// The rules of ENSIP-15 for names outside ASCII, in a file of their own: fetched when the first such name is met. `xnf`
// leaves Unicode's normal forms to the browser.
import { ens_normalize, ens_split } from '@adraffy/ens-normalize/xnf';

/** `{ name }`, or `{ label, reason }` of the first label that breaks a rule, in the library's words. */
export function normalise(name) {
  try {
    return { name: ens_normalize(name) };
  } catch (error) {
    const broken = ens_split(name).find(label => label.error);
    if (!broken) return { label: name, reason: error.message };
    return { label: String.fromCodePoint(...broken.input), reason: broken.error.message };
  }
}

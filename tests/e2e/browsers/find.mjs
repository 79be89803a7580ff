// How a person finds something on a page: by its role and what is written on it. Runs in the page, so it must not
// use anything from outside.

/**
 * The first visible element with this role and name, also in open shadow roots; null when there is none.
 *
 * `name` is the whole name, or `{ pattern }`, a regular expression.
 */
export function find({ role, name }) {
  const ROLES = { BUTTON: 'button', INPUT: 'textbox', TEXTAREA: 'textbox', H1: 'heading', H2: 'heading' };
  const roleOf = (element) => element.getAttribute('role') ?? ROLES[element.tagName];
  const nameOf = (element) => (element.getAttribute('aria-label') ?? element.innerText ?? '').trim();
  const isNamed = (element) => {
    if (name === undefined) return true;
    return typeof name === 'string' ? nameOf(element) === name : new RegExp(name.pattern).test(nameOf(element));
  };
  const search = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (roleOf(element) === role && element.checkVisibility() && isNamed(element)) return element;
      const inside = element.shadowRoot && search(element.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  return search(document);
}

// Whether what was fetched belongs to this build.
/* global BUILD -- the build puts its id here */

/** What was fetched belongs to another version of the element, or is gone: only a reload of the page helps. */
export class OtherVersion extends Error {
  name = 'OtherVersion';
}

/** Fails unless something of build `id` fits what asks for it. */
export function expectBuild(id, what) {
  if (id !== BUILD) throw new OtherVersion(`${what} is of another version`);
}

// Why something did not work, as the page is told: codes that stay the same from version to version. What they mean, for the
// types and for the reference; tests/package/docs.test.mjs compares them with what the code says.

/** Those of the event `dm3-error`. */
export const ERRORS = {
  'connection-lost': "The person's delivery services can't be reached; it is tried again by itself.",
  'load-failed': "The chat, or a part of it, can't be loaded.",
  'lookup-unreachable': "Who is meant can't be looked up now.",
  'message-refused': "The message can't be sent like this: it is too long, or its receiver does not take it.",
  'node-unreachable': "The node does not answer, is none, or can't be used; or `node` or `rpc-url` is no address.",
  'own-account': 'Somebody wants to write to themselves.',
  'profile-invalid': 'Somebody was found, and what was found of them is not valid.',
  'signature-refused': 'The person has refused a signature in their wallet.',
  signature: 'There is no signature that can be used, as where the page has cancelled `dm3-before-sign`; or what was typed in its place is none.',
  storage: 'The browser stores nothing for the page, has no room, or does not give what was stored; or the account was signed out elsewhere.',
  'unknown-name': 'Nobody is found by what was typed or by `to`.',
  wallet: 'The wallet does not answer as it has to, or is gone.',
};

/** What the promise of a method fails with, as its error's `code`. */
export const FAILURES = {
  'backup-failed': 'There is no file: it could not be made.',
  'load-failed': ERRORS['load-failed'],
  'not-shown': "The panel can't be seen, so that nobody is asked for anything: the element is `disabled`, or the page has cancelled `dm3-show`.",
  'signed-out': 'Nobody is signed in.',
  storage: ERRORS.storage,
};

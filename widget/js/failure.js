// How methods of the element that give a promise fail.
/** What a method fails with: the code says why, from version to version the same. */
export const failure = code => Object.assign(new Error(code), { code });

/** What `ask` is answered by one of the two functions that it is given. */
export const answered = ask => new Promise((done, failed) => ask(done, code => failed(failure(code))));

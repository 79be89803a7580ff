/** Fetches once; a failed attempt can be repeated. `fetch` gets how many attempts failed before. */
export function once(fetch) {
  let result;
  let failures = 0;
  return () =>
    (result ??= fetch(failures).catch(error => {
      result = undefined;
      failures += 1;
      throw error;
    }));
}

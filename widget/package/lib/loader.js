// Loads the element when there is a page: nothing happens on a server, so it can be called anywhere.

let loading;

/** Defines <dm3-chat> and gives its class; on a server, nothing. A failed attempt can be repeated. */
export function load() {
  if (!globalThis.customElements) return Promise.resolve(undefined);
  return (loading ??= import('../dist/index.js').then(
    ({ Dm3Chat }) => Dm3Chat,
    error => {
      loading = undefined;
      throw error;
    },
  ));
}

/** Keeps what is shown before the application is there; nowhere, if nothing can be kept. */
export function keep(name, value) {
  try {
    localStorage.setItem(`dm3-chat:${name}`, value);
  } catch {
    // The next page begins without it.
  }
}

/** Keeps nothing under this name any longer. */
export function forget(name) {
  try {
    localStorage.removeItem(`dm3-chat:${name}`);
  } catch {
    // Nothing is kept.
  }
}

/** What `keep`, and `widget/src/adapters/page.rs`, keep in the browser under this name; nothing where nothing can be kept. */
export function kept(name) {
  try {
    return localStorage.getItem(`dm3-chat:${name}`);
  } catch {
    return null;
  }
}

// Where the files are that the loader fetches: beside it, unless the page says where else. What they fetch themselves lies
// beside them.

let base;

/** The page has them there (an URL with or without a slash at its end); what is said first counts. */
export function findAssetsAt(url) {
  try {
    if (url) base ??= new URL(url.replace(/\/?$/, '/'), document.baseURI);
  } catch {
    console.warn(`dm3-chat: assets-base is no URL: ${url}`);
  }
}

/** The URL of the file called `dm3-chat` and `name`. Bundlers need a literal name for what is `beside` the loader. */
export const asset = (name, beside) => (base ? new URL(`dm3-chat${name}`, base) : beside());

/** The URL for another attempt: browsers remember failed imports by it. */
export function again(url, failures) {
  if (failures) url.searchParams.set('attempt', failures + 1);
  return url;
}

/** Imports a script: by `beside`, unless it is elsewhere or failed. Such an address is none of a bundler's business. */
export function importAsset(name, url, beside, failures) {
  return base || failures ? import(/* webpackIgnore: true */ /* @vite-ignore */ again(asset(name, url), failures)) : beside();
}

// The loader: defines <dm3-chat>, paints the launcher at once and fetches the application (WASM, its glue and its
// styles) when somebody comes near the launcher or opens it, when the page is idle if somebody is signed in, or immediately when the
// element is shown inline.
import { Dm3Chat } from './element.js';
import { startCommands } from './commands.js';

// A server has none; a second copy of the script leaves the first in its place.
if (globalThis.customElements && !customElements.get('dm3-chat')) {
  customElements.define('dm3-chat', Dm3Chat);
  startCommands(Dm3Chat);
}

export { Dm3Chat };

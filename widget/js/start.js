// Starts the application: its WASM, and what it asks for besides.
import { fetchEmoji } from './emoji.js';
import { provideModules } from './link.js';
import { loadPart, mainModule } from './modules.js';

/** `init` and `ChatHandle` are what wasm-bindgen writes. `fetched` is the response with the main WASM, on its way. */
export const starter = (init, ChatHandle) => async (fetched, importNames) => {
  provideModules(loadPart);
  await init({ module_or_path: await mainModule(fetched) });
  ChatHandle.provide_names(importNames);
  ChatHandle.provide_parts(loadPart);
  ChatHandle.provide_emoji(fetchEmoji);
};

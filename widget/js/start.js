// Starts the application: its WASM, and what it asks for besides.
import { fetchEmoji } from './emoji.js';
import { provideModules } from './link.js';
import { loadPart, mainModule } from './modules.js';

/**
 * `init` and `ChatHandle` are what wasm-bindgen writes. `fetched` are the responses with modules that the loader has asked for, by
 * the modules' names; they are on their way.
 */
export const starter = (init, ChatHandle) => async (fetched, importNames) => {
  provideModules(loadPart);
  await init({ module_or_path: await mainModule(fetched) });
  ChatHandle.provide_names(importNames);
  ChatHandle.provide_parts(loadPart);
  ChatHandle.provide_emoji(fetchEmoji);
};

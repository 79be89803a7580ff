// Makes a part belong to the running application. The WASM imports one function for each of its parts; the build writes
// the module that exports them (widget/build/split.mjs).
import { once } from './once.js';

let modules;

/** Takes the loader's `name => Promise<WebAssembly.Module[]>`: of the parts that are loaded before, then its own. */
export function provideModules(load) {
  modules = load;
}

/** `exports()` are the application's; a part shares its memory, its table of functions and its stack. */
export function linker(exports) {
  const linked = new Map();
  const linkFile = module => {
    // Linked again it would lose what it has written into its memory.
    if (!linked.has(module)) linked.set(module, once(() => WebAssembly.instantiate(module, { __wasm_split: exports() })));
    return linked.get(module)();
  };
  return name => {
    const link = once(async () => {
      for (const module of await modules(name)) await linkFile(module);
    });
    return async (callback, data) => {
      const linked = await link().then(
        () => true,
        error => {
          console.error('dm3-chat:', error);
          return false;
        },
      );
      exports().__indirect_function_table.get(callback)(data, linked);
    };
  };
}

// Makes a part belong to the running application. The WASM imports one function for each of its parts; the build writes
// the module that exports them (widget/build/split.mjs).

let modules;

/** Takes the loader's `name => Promise<WebAssembly.Module>`. */
export function provideModules(load) {
  modules = load;
}

/** `exports()` are the application's; a part shares its memory, its table of functions and its stack. */
export function linker(exports) {
  return (...names) =>
    async (callback, data) => {
      let linked = true;
      try {
        for (const name of names) await WebAssembly.instantiate(await modules(name), { __wasm_split: exports() });
      } catch (error) {
        console.error('dm3-chat:', error);
        linked = false;
      }
      exports().__indirect_function_table.get(callback)(data, linked);
    };
}

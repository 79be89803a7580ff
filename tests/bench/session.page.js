// Runs first in every page of `npm run bench -- session`, before anything of the element: notes when the element opens
// its database, counts what it asks of it, and tells when something stands on the screen.
(() => {
  /** So long something may take to stand on the screen: milliseconds. */
  const PATIENCE = 60_000;
  /** Milliseconds since 1970, with fractions: the clock that all tabs share. */
  const now = () => performance.timeOrigin + performance.now();
  const bench = { opened: null, requests: 0, stored: [], received: [], memories: new Set() };
  window.bench = bench;

  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...args) {
    if (args[0] === 'dm3-chat') bench.opened ??= now();
    return open.apply(this, args);
  };
  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (tables, mode, ...rest) {
    const begun = transaction.call(this, tables, mode, ...rest);
    if (mode === 'readwrite' && begun.objectStoreNames.contains('messages'))
      begun.addEventListener('complete', () => bench.stored.push(now()));
    return begun;
  };
  const READS = ['get', 'getKey', 'getAll', 'getAllKeys', 'count', 'openCursor', 'openKeyCursor'];
  for (const [type, methods] of [
    [IDBObjectStore, [...READS, 'put', 'add', 'delete']],
    [IDBIndex, READS],
  ])
    for (const method of methods) {
      const original = type.prototype[method];
      type.prototype[method] = function (...args) {
        bench.requests += 1;
        return original.apply(this, args);
      };
    }
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async function (source, imports) {
      const made = await original.call(this, source, imports);
      const exported = Object.values((made.instance ?? made).exports ?? {});
      for (const item of [...exported, ...Object.values(imports ?? {}).flatMap((module) => Object.values(module))])
        if (item instanceof WebAssembly.Memory) bench.memories.add(item);
      return made;
    };
  }
  document.addEventListener('dm3-message-received', () => bench.received.push(now()), { capture: true });

  bench.memory = () => [...bench.memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

  const root = () => document.querySelector('dm3-chat')?.shadowRoot;

  /** When `check` first gave something other than nothing, as the page is changed. */
  const when = (check) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        observer.disconnect();
        reject(new Error(`not within ${PATIENCE} ms: ${check}`));
      }, PATIENCE);
      const look = () => {
        if (!check()) return;
        clearTimeout(late);
        observer.disconnect();
        resolve(now());
      };
      const observer = new MutationObserver(look);
      observer.observe(root() ?? document, { subtree: true, childList: true, characterData: true, attributes: true });
      look();
    });
  /** The same, when the browser has drawn it. */
  const drawn = async (check) => {
    await when(check);
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    return now();
  };
  const rows = () => root()?.querySelectorAll('.list > ul > li') ?? [];
  const bubbles = () => root()?.querySelectorAll('.log [part~="message"]') ?? [];
  const last = (found) => found[found.length - 1];

  /** From the opening of the database to the drawn list. The element itself may not be there yet. */
  bench.list = async (count) => {
    while (!root()) await new Promise((next) => setTimeout(next, 1));
    return (await drawn(() => rows().length >= count)) - bench.opened;
  };
  /** From the click on the first row to the drawn conversation. */
  bench.conversation = async (count) => {
    const begun = now();
    rows()[0].querySelector('button').click();
    return (await drawn(() => bubbles().length >= count)) - begun;
  };
  /** When the last message of the open conversation says `text`. */
  bench.shown = (text) => when(() => last(bubbles())?.textContent.includes(text));
  /** When the first row of the list says `text`. */
  bench.listed = (text) => when(() => rows()[0]?.textContent.includes(text));
  /** When the list is there, and when something has changed in it after that. */
  bench.firstRow = async () => {
    while (!root()) await new Promise((next) => setTimeout(next, 1));
    const listed = await when(() => rows().length > 0);
    const unread = () => root().querySelectorAll('.row-unread').length;
    const before = unread();
    return { listed, news: await when(() => unread() > before) };
  };
  /** Types and sends: when it was clicked, stored and shown. */
  bench.send = async (text) => {
    const field = root().querySelector('textarea');
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
    await new Promise((next) => setTimeout(next, 50));
    const before = bench.stored.length;
    const clicked = now();
    const shown = bench.shown(text);
    root().querySelector('[part~="send-button"]').click();
    return { clicked, shown: await shown, stored: bench.stored[before] };
  };
})();

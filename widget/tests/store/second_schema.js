// Fills a database as the second version of the element did. Evaluated by widget/tests/store.rs: the tables are what that
// version made, the records are given.
(async (name, records) => {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const request = indexedDB.open(name, 2);
  request.onupgradeneeded = () => {
    const database = request.result;
    database.createObjectStore('account');
    database.createObjectStore('vault');
    const messages = database.createObjectStore('messages', { keyPath: ['owner', 'message.hash'] });
    messages.createIndex('outbox', ['owner', 'waiting']);
    messages.createIndex('conversation', ['owner', 'message.conversation', 'message.time', 'message.hash']);
    messages.createIndex('arrival', ['owner', 'message.conversation', 'message.lane', 'message.arrived']);
    database.createObjectStore('contacts', { keyPath: ['owner', 'contact.conversation'] });
    const quarantine = database.createObjectStore('quarantine', { keyPath: ['owner', 'item.id'] });
    quarantine.createIndex('arrival', ['owner', 'item.arrived']);
  };
  const database = await done(request);
  const t = database.transaction(['messages', 'contacts'], 'readwrite');
  const finished = new Promise((resolve, reject) => { t.oncomplete = resolve; t.onabort = () => reject(t.error); });
  for (const [table, record] of JSON.parse(records)) t.objectStore(table).put(record);
  await finished;
  database.close();
})

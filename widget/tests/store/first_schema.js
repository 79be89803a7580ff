// Fills a database as version 1 of the element did: its tables, its keys, its records, byte for byte.
(async (name, vaultKey, sealedSeed, owner, json) => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    const database = request.result;
    database.createObjectStore('account');
    database.createObjectStore('vault');
    const messages = database.createObjectStore('messages', { keyPath: ['owner', 'message.hash'] });
    messages.createIndex('conversation', ['owner', 'message.peer', 'message.time', 'message.hash']);
    messages.createIndex('outbox', ['owner', 'waiting']);
    messages.createIndex('arrival', ['owner', 'message.peer', 'message.lane', 'message.arrived']);
    database.createObjectStore('contacts', { keyPath: ['owner', 'contact.peer'] });
    const quarantine = database.createObjectStore('quarantine', { keyPath: ['owner', 'item.id'] });
    quarantine.createIndex('arrival', ['owner', 'item.arrived']);
  };
  const database = await done(request);
  const tables = ['account', 'vault', 'messages', 'contacts', 'quarantine'];
  const t = database.transaction(tables, 'readwrite');
  const finished = new Promise((resolve, reject) => { t.oncomplete = resolve; t.onabort = () => reject(t.error); });
  const [account, vault, messages, contacts, quarantine] = tables.map((table) => t.objectStore(table));
  const peer = '0xAbAbABAbAbababABababABabaBABABaBaBabAbab';
  const hash = (number) => `0x${number.toString().padStart(64, '0')}`;
  const message = (number, author, lane, state) => {
    const time = 1700000000000 + number;
    const record = { owner, message: { hash: hash(number), peer, author, lane, time, arrived: time + 5, json, state } };
    return state === 'waiting' ? { ...record, waiting: time } : record;
  };
  account.put({ address: owner, name: 'alice.eth' }, 'current');
  vault.put(vaultKey, 'key');
  vault.put(sealedSeed, owner);
  messages.put(message(1, peer, 'in', 'received'));
  messages.put(message(2, owner, 'out', 'accepted'));
  messages.put(message(3, owner, 'out', 'waiting'));
  messages.put(message(4, owner, 'out', { refused: 'the message is larger than the receiver’s service accepts' }));
  messages.put(message(5, peer, 'note', 'received'));
  // Damaged: no such lane.
  messages.put(message(6, peer, 'sideways', 'received'));
  contacts.put({ owner, contact: { peer, name: 'bob.eth', read_until: 1700000000001, touched: 1700000000009 } });
  // Damaged: no such address.
  contacts.put({ owner, contact: { peer: 'bob', read_until: 1, touched: 2 } });
  quarantine.put({ owner, item: { id: 'a', arrived: 7, reason: 'the message was not signed by bob.eth', envelope: '{}' } });
  await finished;
  return database;
})

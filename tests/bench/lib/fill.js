// Fills the database of a signed-in element with more of what it wrote there itself: rows of the element's own making,
// with other texts, times, peers and hashes. Only their signatures are not theirs; they are checked when a message
// comes in, not when it is read.

/**
 * Runs in a page of the element's origin. There are to be `messages` messages in all; `first` of them with the peer who
 * is there, the others with `peers` (addresses), each in turn.
 */
export async function fill({ messages, first, peers }) {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const hashOf = async (text) => {
    const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
    return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  };
  const database = await settled(indexedDB.open('dm3-chat'));
  const known = await settled(database.transaction('messages').objectStore('messages').getAll());
  const [conversation] = await settled(database.transaction('contacts').objectStore('contacts').getAll());
  const [theirs, ours] = ['in', 'out'].map((lane) => known.find(({ message }) => message.lane === lane));
  for (const { message } of [theirs, ours])
    if ((await hashOf(message.json)) !== message.hash) throw new Error('the hash is made in another way');
  const peer = theirs.message.author;
  const idOf = (address) => `peer:${address.toLowerCase()}`;
  if (conversation.contact.conversation !== idOf(peer)) throw new Error('conversations are called in another way');
  const begin = Math.min(...known.map(({ message }) => message.time)) - 1000 * messages;
  const changes = new Map([[peer, conversation.summary.changes]]);
  const newest = new Map();

  const rowOf = async (number) => {
    const other = number < first ? peer : peers[number % peers.length];
    const { owner, message } = number % 3 === 0 ? ours : theirs;
    const time = begin + 1000 * number;
    const written = JSON.parse(message.json.replaceAll(peer, other).replaceAll(peer.toLowerCase(), other.toLowerCase()));
    written.message = `Message ${number}: what one writes to somebody else about this and that, a line or so.`;
    written.metadata.timestamp = time;
    const json = JSON.stringify(written);
    const author = message.author === peer ? other : message.author;
    const change = (changes.get(other) ?? 0) + 1;
    changes.set(other, change);
    const hash = await hashOf(json);
    const row = { owner, change, message: { ...message, hash, conversation: idOf(other), author, time, arrived: time, json } };
    newest.set(other, row.message);
    return row;
  };
  const put = async (table, records) => {
    const writing = database.transaction(table, 'readwrite', { durability: 'relaxed' });
    for (const record of records) writing.objectStore(table).put(record);
    await new Promise((resolve, reject) => {
      writing.oncomplete = resolve;
      writing.onabort = () => reject(writing.error);
    });
  };

  const missing = messages - known.length;
  for (let number = 0; number < missing; number += 2000) {
    const count = Math.min(2000, missing - number);
    await put('messages', await Promise.all(Array.from({ length: count }, (_, i) => rowOf(number + i))));
  }
  const contacts = [];
  for (const [other, { hash, time, lane, json }] of newest) {
    if (other === peer) continue;
    const contact = { ...conversation.contact, conversation: idOf(other), read_until: time, touched: begin, found_at: [] };
    delete contact.seen;
    const said = { hash, version: hash, time, own: lane === 'out', waiting: false, kind: 'text', text: JSON.parse(json).message };
    contacts.push({ ...conversation, contact, summary: { last: said, unread: 0, changes: changes.get(other) } });
  }
  conversation.summary.changes = changes.get(peer);
  await put('contacts', [...contacts, conversation]);
  const count = await settled(database.transaction('messages').objectStore('messages').count());
  database.close();
  return { messages: count, conversations: contacts.length + 1 };
}

/** Makes `peers` (addresses) people who are welcome, as the one is who is there; otherwise what they write is a request. */
export async function welcome(peers) {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await settled(indexedDB.open('dm3-chat'));
  const [known] = await settled(database.transaction('contacts').objectStore('contacts').getAll());
  const writing = database.transaction('contacts', 'readwrite');
  for (const peer of peers) {
    const contact = { ...known.contact, conversation: `peer:${peer.toLowerCase()}`, found_at: [] };
    delete contact.seen;
    writing.objectStore('contacts').put({ ...known, contact, summary: { ...known.summary, unread: 0, changes: 0 } });
  }
  await new Promise((resolve, reject) => {
    writing.oncomplete = resolve;
    writing.onabort = () => reject(writing.error);
  });
  database.close();
}

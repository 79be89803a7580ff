// A reporter of Node's test runner: the files in which a test failed, a line each.

export default async function* failed(events) {
  for await (const { type, data } of events) {
    if (type === 'test:fail' && data.file) yield `${data.file}\n`;
  }
}

// What a page may do before or without holding an element: the queue and clicks on [data-dm3-to].

const COMMANDS = {
  open: async (chat, { to, ...options } = {}) => (to ? chat.openConversation(to, options) : chat.show()),
  show: chat => chat.show(),
  hide: chat => chat.hide(),
  toggle: chat => chat.toggle(),
  connect: (chat, provider) => chat.connect(provider),
  disconnect: chat => chat.disconnect(),
  reset: chat => chat.reset(),
};

/** Runs `(window.dm3Chat ||= []).push(['open', { to }])` and serves clicks, both on the page's first element. */
export function startCommands(Chat) {
  const waiting = [];
  const run = () => {
    const chat = Chat.first;
    while (chat && waiting.length) {
      const [name, argument] = waiting.shift();
      // Nobody waits for it, and whoever does calls the method.
      if (Object.hasOwn(COMMANDS, name)) COMMANDS[name](chat, argument)?.catch(console.warn);
      else console.warn(`dm3-chat: no command "${name}"; there are ${Object.keys(COMMANDS)}`);
    }
  };
  const push = (...commands) => {
    // A page without an element must not collect commands for ever.
    for (const command of commands) if (Array.isArray(command) && waiting.length < 100) waiting.push(command);
    run();
  };
  const early = Array.isArray(window.dm3Chat) ? window.dm3Chat : [];
  window.dm3Chat = { push };
  Chat.onFirst = run;
  push(...early);

  document.addEventListener('click', event => {
    if (event.defaultPrevented || !Chat.first) return;
    const button = event.composedPath().find(node => node instanceof Element && node.hasAttribute('data-dm3-to'));
    if (!button) return;
    event.preventDefault();
    const { dm3To, dm3Draft: draft, dm3Context: context } = button.dataset;
    Chat.first.openConversation(dm3To, { draft, context, opener: button });
  });
}

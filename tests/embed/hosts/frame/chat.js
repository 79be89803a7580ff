addEventListener('DOMContentLoaded', () => {
  const chat = document.createElement('dm3-chat');
  chat.setAttribute('mode', 'inline');
  chat.setAttribute('node', NODE);
  document.body.append(chat);
});

import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Dm3Chat } from 'dm3-chat/react';
import { NODE } from './node-url';

function Shop() {
  const [account, setAccount] = useState<string>();
  const [open, setOpen] = useState(false);
  const [away, setAway] = useState(false);
  return (
    <>
      <h1>{account ? `Welcome, ${account}` : 'A shop'}</h1>
      <button onClick={() => setOpen(!open)}>Toggle</button>
      <button id="away" onClick={() => setAway(!away)}>
        Come and go
      </button>
      {away || (
        <Dm3Chat
          node={NODE}
          open={open}
          onAfterShow={() => setOpen(true)}
          onAfterHide={() => setOpen(false)}
          onConnect={({ detail }) => setAccount(detail.account)}
        />
      )}
    </>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Shop />
  </StrictMode>,
);

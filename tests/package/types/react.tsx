// Compiled, never run, with the types of React 18 and of React 19.
import { useRef } from 'react';
import { Dm3Chat } from 'dm3-chat/react';
import type { Dm3Chat as Dm3ChatElement } from 'dm3-chat/element';

export function Page() {
  const chat = useRef<Dm3ChatElement>(null);
  return (
    <>
      <Dm3Chat
        ref={chat}
        node="https://node.example"
        rpcUrl="https://rpc.example"
        className="chat"
        open={false}
        strings={{ messages: 'Ask us' }}
        onConnect={({ detail }) => detail.account.toLowerCase()}
        onMessageReceived={({ detail }) => detail.peer}
      >
        <img slot="launcher-icon" src="/icon.svg" alt="" />
      </Dm3Chat>
      <dm3-chat node="https://node.example" mode="inline" ondm3-connect={({ detail }) => detail.account} />
      <button onClick={() => chat.current?.show()}>Chat</button>
      {/* @ts-expect-error There is no such mode. */}
      <Dm3Chat mode="window" />
      {/* @ts-expect-error There is no such mode. */}
      <dm3-chat mode="window" />
      {/* @ts-expect-error There is no such event. */}
      <Dm3Chat onNothing={() => {}} />
    </>
  );
}

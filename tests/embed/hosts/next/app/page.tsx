// A server component: what it shows is written by the server, with the element in it.
import { Dm3Chat } from 'dm3-chat/react';
import { NODE } from './node-url';

export default function Page() {
  return (
    <>
      <h1>A shop</h1>
      <Dm3Chat node={NODE} />
    </>
  );
}

import type { ForwardRefExoticComponent, HTMLAttributes, RefAttributes } from 'react';
import type { Dm3Chat as Dm3ChatElement, Dm3ChatAttributes, Dm3ChatEventMap, Dm3ChatProperties } from './element.js';

type Pascal<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Capitalize<Head>}${Pascal<Tail>}` : Capitalize<S>;
type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Pascal<Tail>}` : S;
type Handlers = {
  [Name in keyof Dm3ChatEventMap as Name extends `dm3-${infer Rest}` ? `on${Pascal<Rest>}` : never]?: (
    event: Dm3ChatEventMap[Name],
  ) => void;
};
type CamelAttributes = { [Name in keyof Dm3ChatAttributes as Camel<Name>]?: Dm3ChatAttributes[Name] };
type OwnEvents = { [Name in keyof Dm3ChatEventMap as `on${Name}`]?: (event: Dm3ChatEventMap[Name]) => void };
type Base = Omit<HTMLAttributes<Dm3ChatElement>, 'children' | keyof Handlers | keyof CamelAttributes>;

export interface Dm3ChatProps extends Base, CamelAttributes, Omit<Dm3ChatProperties, keyof CamelAttributes>, Handlers {
  children?: HTMLAttributes<Dm3ChatElement>['children'];
}

/** `<Dm3Chat>`, for React 18 and 19; its `ref` is the element. */
export declare const Dm3Chat: ForwardRefExoticComponent<Dm3ChatProps & RefAttributes<Dm3ChatElement>>;

/** The bare `<dm3-chat>` in JSX; React 19 passes properties and events to it, React 18 attributes alone. */
type Dm3ChatTag = Omit<HTMLAttributes<Dm3ChatElement>, keyof Dm3ChatAttributes> &
  RefAttributes<Dm3ChatElement> &
  Dm3ChatAttributes &
  Omit<Dm3ChatProperties, keyof Dm3ChatAttributes> &
  OwnEvents & { class?: string };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'dm3-chat': Dm3ChatTag;
    }
  }
}

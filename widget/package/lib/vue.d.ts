import type { DefineComponent, Plugin, ShallowRef } from 'vue';
import type { Dm3Chat as Dm3ChatElement, Dm3ChatAttributes, Dm3ChatEventMap, Dm3ChatProperties } from './element.js';

type Pascal<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Capitalize<Head>}${Pascal<Tail>}` : Capitalize<S>;
type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Pascal<Tail>}` : S;
type Emits = {
  [Name in keyof Dm3ChatEventMap as Name extends `dm3-${infer Rest}` ? Rest : never]: (event: Dm3ChatEventMap[Name]) => void;
};
type Handlers = { [Name in keyof Emits as `on${Pascal<Name>}`]?: Emits[Name] };

export type Dm3ChatProps = { [Name in keyof Dm3ChatAttributes as Camel<Name>]?: Dm3ChatAttributes[Name] } & Dm3ChatProperties &
  Handlers;

/** `<Dm3Chat>`; a ref to it has the element in `element`. */
export declare const Dm3Chat: DefineComponent<Dm3ChatProps, { element: ShallowRef<Dm3ChatElement | null> }>;

declare const plugin: Plugin;
export default plugin;

declare module 'vue' {
  interface GlobalComponents {
    Dm3Chat: typeof Dm3Chat;
  }
}

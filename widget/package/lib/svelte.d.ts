import type { HTMLAttributes } from 'svelte/elements';
import type { Dm3Chat, Dm3ChatAttributes, Dm3ChatEventMap, Dm3ChatProperties } from './element.js';

type Handlers = { [Name in keyof Dm3ChatEventMap as `on${Name}`]?: (event: Dm3ChatEventMap[Name]) => void };

declare module 'svelte/elements' {
  interface SvelteHTMLElements {
    'dm3-chat': Omit<HTMLAttributes<Dm3Chat>, keyof Dm3ChatAttributes> &
      Dm3ChatAttributes &
      Omit<Dm3ChatProperties, keyof Dm3ChatAttributes> &
      Handlers;
  }
}

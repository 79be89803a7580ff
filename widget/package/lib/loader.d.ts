import type { Dm3Chat } from './element.js';

/** Defines `<dm3-chat>` and gives its class; on a server, nothing. A failed attempt can be repeated. */
export declare function load(): Promise<typeof Dm3Chat | undefined>;

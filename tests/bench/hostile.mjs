// Whether hostile clients make a well-behaved one wait: that part of the node's measurement alone.

import { measureAndShow } from './node.mjs';

export const run = () => measureAndShow(['hostile']);

// Whether hostile clients make a well-behaved one wait: that part of the node's measurement alone.
//
//   npm run bench -- hostile                              all kinds (about ten minutes after the build)
//   npm run bench -- hostile --only wandering,claiming    some of them, by the first word of their names

import { measureAndShow, option } from './node.mjs';

export const run = (options) => measureAndShow(['hostile', ...option(options, 'only')]);

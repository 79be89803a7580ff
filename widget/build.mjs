// Builds the element into dist/: the loader, the glue, and the WASM with its styles, cut into parts.
//
//   node widget/build.mjs            the packaged build
//   node widget/build.mjs --dev      skips what only makes it small
//   node widget/build.mjs --sizes    also prints what the bytes are, by crate and by room
//
//   compile ─▶ split ─▶ bind ─▶ shrink ─▶ bundle ─▶ budget
import { bind } from './build/bind.mjs';
import { report } from './build/budget.mjs';
import { bundle } from './build/bundle.mjs';
import { compile } from './build/compile.mjs';
import { dev, emptyDist, step } from './build/context.mjs';
import { shrink } from './build/shrink.mjs';
import { split } from './build/split.mjs';

const linked = step('compile to WASM', compile);
const shared = step('cut it into parts', () => split(linked));
step('write the bindings', () => bind(shared));
emptyDist();
const build = step(dev ? 'copy the WASM' : 'shrink the WASM', shrink);
await step('bundle glue, styles and loader', () => bundle(build));
report();

// Builds the element into dist/: the loader, the glue, and the WASM with its styles, cut into parts.
//
//   node widget/build.mjs            the packaged build
//   node widget/build.mjs --dev      skips what only makes it small
//   node widget/build.mjs --gallery  what www/gallery.html shows, into dist-gallery/
//   node widget/build.mjs --sizes    also prints what the bytes are, by crate and by room
//
//   compile ─▶ split ─▶ bind ─▶ shrink ─▶ bundle ─▶ emoji ─▶ budget
import { bind } from './build/bind.mjs';
import { report } from './build/budget.mjs';
import { bundle } from './build/bundle.mjs';
import { compile } from './build/compile.mjs';
import { dev, emptyDist, step } from './build/context.mjs';
import { writeEmoji } from './build/emoji.mjs';
import { shrink } from './build/shrink.mjs';
import { split } from './build/split.mjs';

const linked = step('compile to WASM', compile);
step('cut it into parts', () => split(linked));
step('write the bindings', bind);
emptyDist();
const build = step(dev ? 'copy the WASM' : 'shrink the WASM', shrink);
await step('bundle glue, styles and loader', () => bundle(build));
step('write the emoji', writeEmoji);
report();

// What the panel has to fit into: the width of the element itself, and what a keyboard on the screen leaves. Comes with the
// application.
import { keepFocus } from './focus.js';

/** From this width on, in pixels, the list stands beside what is open. */
const WIDE = 720;

/**
 * Tells the styles of `panel` how much of the window is covered, and whether `base` is wide, which `tell` is told, too.
 * Until what is given back is called.
 */
export function fit(panel, base, tell) {
  const width = new ResizeObserver(([{ contentRect }]) => {
    const wide = contentRect.width >= WIDE;
    // What is hidden has no width.
    if (!contentRect.width || base.hasAttribute('data-wide') === wide) return;
    base.toggleAttribute('data-wide', wide);
    tell(wide);
  });
  width.observe(base);
  const uncover = () => uncovered(panel);
  for (const change of ['resize', 'scroll']) visualViewport.addEventListener(change, uncover);
  const leave = keepFocus(base);
  return () => {
    leave();
    width.disconnect();
    base.removeAttribute('data-wide');
    for (const change of ['resize', 'scroll']) visualViewport.removeEventListener(change, uncover);
  };
}

/** Browsers lay a keyboard over fixed elements. */
function uncovered(panel) {
  const { height, offsetTop, scale } = visualViewport;
  // Who zooms in sees a piece of the page, and nothing is covered.
  const covered = scale > 1 ? [0, 0] : [offsetTop, innerHeight - height - offsetTop];
  ['--_above', '--_below'].forEach((name, i) => panel.style.setProperty(name, `${Math.max(0, Math.round(covered[i]))}px`));
}

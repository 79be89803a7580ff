// A button that goes takes the focus with it, often once a wallet or the network has answered: the page then hears the keys
// that were meant for the chat. Whoever pressed it goes on beside it.

/** For so long whatever comes in the place of something may take the focus itself: milliseconds. */
const PATIENCE = 1_000;

/** Brings the focus back into `base` where what had it is gone, until what is given back is called. */
export function keepFocus(base) {
  const root = base.getRootNode();
  // What has the focus, and what stands around it from the inside to the outside.
  let held;
  let around = [];
  let timer;

  const entered = ({ target }) => {
    held = target;
    around = ['section', '.screen'].map(selector => target.closest(selector)).filter(Boolean);
  };
  const left = ({ target }) => {
    // Some browsers tell it of what is about to go, too, while it is still there.
    queueMicrotask(() => {
      if (target === held && target.isConnected && root.activeElement !== target) held = undefined;
    });
  };
  const isLost = () =>
    held && !held.isConnected && !root.activeElement && document.hasFocus() && [document.body, null].includes(document.activeElement);
  const bringBack = () => {
    if (isLost()) around.some(place => place.isConnected && goOn(place));
    // Whoever went on elsewhere on the page is left there from now on.
    else if (!held?.isConnected) held = undefined;
  };
  const changed = new MutationObserver(() => {
    if (!isLost()) return;
    clearTimeout(timer);
    timer = setTimeout(bringBack, PATIENCE);
  });

  base.addEventListener('focusin', entered);
  base.addEventListener('focusout', left);
  changed.observe(base, { childList: true, subtree: true });
  return () => {
    base.removeEventListener('focusin', entered);
    base.removeEventListener('focusout', left);
    changed.disconnect();
    clearTimeout(timer);
  };
}

/** A field takes the focus only where that opens no keyboard on the screen; else a heading does. Tells whether one is there. */
function goOn(place) {
  const field = place.matches('.screen') && matchMedia('(pointer: fine)').matches && place.querySelector('[data-autofocus]');
  const target = field || place.querySelector('h2[tabindex], h3[tabindex]');
  if (!target) return false;
  // Until it is left, whatever was about to take the focus may still do so.
  target.toggleAttribute('data-for-now', true);
  target.addEventListener('blur', () => target.removeAttribute('data-for-now'), { once: true });
  target.focus({ preventScroll: true });
  return true;
}

// What is wrong with how the element lies on the page, in words. Runs in the page, so it uses nothing from outside.
//
// Facts instead of a comparison of pictures: fonts differ from machine to machine, and with them every picture; that
// nothing overlaps, is cut off or too small to be hit is true with any font.

/** The faults of everything that is visible of an element; of the page's first, if none is given. */
export function layoutFaults(host = document.querySelector('dm3-chat')) {
  /** CSS pixels that rounding may make. */
  const ROUNDING = 1;
  /** The smallest target: WCAG 2.2, 2.5.8. */
  const TARGET = 24;
  /** The smallest text that is used anywhere. */
  const TEXT = 10;

  const faults = [];
  const root = host.shadowRoot;
  const panel = root.querySelector('[part~="panel"]');
  const isOpen = panel.checkVisibility();
  const words = (element) => {
    const text = (element.getAttribute('aria-label') ?? element.innerText ?? '').trim().replace(/\s+/g, ' ');
    return `${[element.localName, ...element.classList].join('.')} “${text.slice(0, 40)}”`;
  };

  // Text for assistive technology alone is a pixel large on purpose.
  const isForEyes = (element) =>
    element instanceof HTMLElement &&
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !element.closest('.sr');
  const all = [...root.querySelectorAll('*')].filter(isForEyes);
  const controls = all.filter((element) => element.matches('button, input, textarea, select, a[href]'));
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '';
  // What lies on top of what can be scrolled below it, and what scrolls sideways on purpose, as a field of one line does.
  const STICKY = '.actions, .newest';
  const SIDEWAYS = '.strip, input';
  const texts = all.filter((element) => [...element.childNodes].some(isText));

  /** What of an element its scrolling ancestors let through; null if nothing. */
  const seen = (element) => {
    let { left, top, right, bottom } = element.getBoundingClientRect();
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (getComputedStyle(at).overflowY === 'visible') continue;
      const box = at.getBoundingClientRect();
      [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
      [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    return right - left > ROUNDING && bottom - top > ROUNDING ? { left, top, right, bottom } : null;
  };

  /** Whether what is around it shortens it, or scrolls sideways. */
  const isShortened = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (at.matches(SIDEWAYS) || getComputedStyle(at).textOverflow === 'ellipsis') return true;
    }
    return false;
  };

  const page = document.documentElement;
  const tooWide = page.scrollWidth - page.clientWidth;
  if (tooWide > 0) faults.push(`the page scrolls sideways by ${tooWide}`);

  const view = { left: 0, top: 0, right: page.clientWidth, bottom: innerHeight };
  const outside = (box, frame) =>
    box.left < frame.left - ROUNDING || box.right > frame.right + ROUNDING ||
    box.top < frame.top - ROUNDING || box.bottom > frame.bottom + ROUNDING;
  const inline = host.getAttribute('mode') === 'inline';
  const frame = panel.getBoundingClientRect();
  if (isOpen && !inline && outside(frame, view)) faults.push('the panel is not within the window');

  for (const element of all) {
    const style = getComputedStyle(element);
    const sideways = element.scrollWidth - element.clientWidth;
    const shortened = style.textOverflow === 'ellipsis';
    if (style.display !== 'inline' && style.overflowX !== 'visible' && !shortened && !element.matches(SIDEWAYS) && sideways > ROUNDING) {
      faults.push(`${words(element)} is cut off or scrolls sideways by ${sideways}`);
    }
    const lower = element.scrollHeight - element.clientHeight;
    // After so many lines it ends with an ellipsis.
    const ends = shortened || style.webkitLineClamp !== 'none';
    if (['hidden', 'clip'].includes(style.overflowY) && !ends && texts.includes(element) && lower > ROUNDING) {
      faults.push(`${words(element)} is cut off below by ${lower}`);
    }
  }

  for (const element of [...controls, ...texts]) {
    const box = element.getBoundingClientRect();
    const isInPanel = panel.contains(element) && !isShortened(element);
    if (isInPanel && (box.left < frame.left - ROUNDING || box.right > frame.right + ROUNDING)) {
      faults.push(`${words(element)} reaches out of the panel`);
    }
    if (texts.includes(element) && parseFloat(getComputedStyle(element).fontSize) < TEXT) {
      faults.push(`${words(element)} is written in ${getComputedStyle(element).fontSize}`);
    }
  }

  for (const control of controls) {
    const { width, height } = control.getBoundingClientRect();
    // In a sentence the line's height decides.
    const isInline = getComputedStyle(control).display === 'inline';
    if (!isInline && (width < TARGET || height < TARGET)) faults.push(`${words(control)} is ${width} × ${height}: too small to hit`);
    const box = seen(control);
    if (!box) continue;
    // On a phone the panel is the whole screen, and the launcher lies below it.
    if (isOpen && !panel.contains(control) && !outside(box, frame)) continue;
    const { left, right, top, bottom } = isInline ? control.getClientRects()[0] : box;
    const hit = root.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    if (!control.contains(hit) && !hit?.closest(STICKY)) {
      faults.push(`${words(control)} is covered by ${hit ? words(hit) : 'something outside of the element'}`);
    }
  }

  // What is drawn over the rest on purpose has a layer of its own.
  const layer = (element) => element.closest(`.menu-card, ${STICKY}, .launcher, .panel`);
  const both = [...new Set([...controls, ...texts])];
  const pieces = both.map((element) => [element, seen(element)]).filter(([, box]) => box);
  for (const [index, [one, a]] of pieces.entries()) {
    for (const [other, b] of pieces.slice(index + 1)) {
      if (one.contains(other) || other.contains(one) || layer(one) !== layer(other)) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > ROUNDING && down > ROUNDING) faults.push(`${words(one)} and ${words(other)} overlap`);
    }
  }
  return faults;
}

/** How light the text and the ground of the open panel are, from 0 to 1. In the page. */
export function lightness() {
  const panel = document.querySelector('dm3-chat').shadowRoot.querySelector('[part~="panel"]');
  // The browser converts whatever notation the styles use.
  const light = (colour) => {
    const drawing = new OffscreenCanvas(1, 1).getContext('2d');
    drawing.fillStyle = colour;
    drawing.fillRect(0, 0, 1, 1);
    const [red, green, blue] = drawing.getImageData(0, 0, 1, 1).data;
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  };
  const { color, backgroundColor } = getComputedStyle(panel);
  return { text: light(color), ground: light(backgroundColor) };
}

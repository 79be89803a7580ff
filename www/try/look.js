// The look of the chat beside it, by the variables that a page may set: changed at once, and told as what to write into a page.

const COLOURS = { '--dm3-accent': ['Accent', '#4f46e5'], '--dm3-bg': ['Background', '#ffffff'], '--dm3-surface-2': ['Messages of others', '#eef0f4'], '--dm3-text': ['Text', '#101828'] };
const SIZES = { '--dm3-radius': ['Corners of the panel', 18], '--dm3-bubble-radius': ['Corners of messages', 18] };
const FONTS = { 'The system’s': '', Serif: 'Georgia, serif', Rounded: 'ui-rounded, "Arial Rounded MT Bold", sans-serif', Monospace: 'ui-monospace, monospace' };

/** What text has at least to have to what is behind it (WCAG 2.2, 1.4.3). */
const CONTRAST = 4.5;

function control(words, input) {
  const label = document.createElement('label');
  label.className = 'field';
  label.append(words, input);
  return label;
}

function input(type, value, more = {}) {
  return Object.assign(document.createElement('input'), { type, ...more, value });
}

function choice(names) {
  const select = document.createElement('select');
  for (const [name, value] of Object.entries(names)) select.append(new Option(name, value));
  return select;
}

/** Relative luminance of `#rrggbb`. */
function luminance(colour) {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Fills `place` with controls for the look of `chat`, and `code` with what they say. */
export function editLook(chat, place, code, warning) {
  const chosen = new Map();
  const say = (name, value) => {
    if (value) chosen.set(name, value);
    else chosen.delete(name);
    chat.style.setProperty(name, value);
    const lines = [...chosen].map(([name, value]) => `  ${name}: ${value};`);
    code.textContent = lines.length > 0 ? ['dm3-chat {', ...lines, '}'].join('\n') : '/* Nothing is changed yet. */';
    const now = (name) => chosen.get(name) ?? COLOURS[name][1];
    const faults = [
      [now('--dm3-text'), now('--dm3-bg'), 'text on the background'],
      [now('--dm3-text'), now('--dm3-surface-2'), 'text of others’ messages'],
      [chosen.get('--dm3-on-accent') ?? '#ffffff', now('--dm3-accent'), 'text on the accent'],
    ].filter(([text, behind]) => contrast(text, behind) < CONTRAST);
    warning.hidden = faults.length === 0;
    warning.textContent = `Hard to read: ${faults.map(([, , words]) => words).join(', ')} (less than ${CONTRAST} to 1).`;
  };
  const theme = choice({ Light: 'light', Dark: 'dark', 'The system’s': 'auto' });
  // The colours to begin with are those of the light look.
  chat.setAttribute('theme', 'light');
  theme.addEventListener('change', () => chat.setAttribute('theme', theme.value));
  place.append(control('Look', theme));
  for (const [name, [words, value]] of Object.entries(COLOURS)) {
    const field = input('color', value);
    field.addEventListener('input', () => {
      say(name, field.value);
      // On a light accent stands dark text.
      if (name === '--dm3-accent') say('--dm3-on-accent', contrast('#ffffff', field.value) < CONTRAST ? '#11131c' : '');
    });
    place.append(control(words, field));
  }
  for (const [name, [words, value]] of Object.entries(SIZES)) {
    const field = input('range', value, { min: 0, max: 28 });
    field.addEventListener('input', () => say(name, `${field.value}px`));
    place.append(control(words, field));
  }
  const font = choice(FONTS);
  font.addEventListener('change', () => say('--dm3-font', font.value));
  place.append(control('Font', font));
  say('--dm3-accent', '');
}

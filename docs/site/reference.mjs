// Pages made from custom-elements.json: what the element has, and how it is given another look.
import { ERRORS, FAILURES } from '../../widget/package/codes.mjs';

const cell = (text = '') => text.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (text) => (text ? `\`${text.replace(/\s+/g, ' ').replaceAll('|', '\\|')}\`` : '');

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

const codes = (list) => table(['Code', 'Meaning'], Object.entries(list).map(([name, meaning]) => [code(name), cell(meaning)]));

const signature = ({ name, parameters = [] }) =>
  code(`${name}(${parameters.map(({ name, optional, type }) => `${name}${optional ? '?' : ''}: ${type.text}`).join(', ')})`);

/** Attributes, properties, methods, events and slots. */
export function reference({ attributes, members, events, slots, description }) {
  const fields = members.filter(({ kind, attribute }) => kind === 'field' && !attribute);
  const methods = members.filter(({ kind }) => kind === 'method');
  const propertyOf = (name) => members.find((it) => it.attribute === name || it.name === name)?.name;
  const namesOf = (name) => [...new Set([name, propertyOf(name) ?? name])].map(code).join('<br>');
  return `# Reference

${description}

## Attributes

Each is a property, too; where that has another name, it stands below.

${table(['Attribute', 'Type', 'Meaning'], attributes.map((it) => [namesOf(it.name), code(it.type?.text), cell(it.description) + (it.default ? ` If absent: ${code(it.default)}.` : '')]))}

## Properties

${table(['Property', 'Type', 'Meaning'], fields.map((it) => [code(it.name), code(it.type?.text), cell(it.description) + (it.readonly ? ' Read only.' : '')]))}

## Methods

${table(['Method', 'Gives', 'Meaning'], methods.map((it) => [signature(it), code(it.return?.type.text), cell(it.description)]))}

## Events

They bubble, and cross the borders of shadow roots.

${table(['Event', 'Type', 'Meaning'], events.map((it) => [code(it.name), code(it.type?.text), cell(it.description)]))}

## Codes

The \`code\` of \`dm3-error\` says what failed:

${codes(ERRORS)}

What the promise of a method fails with is an \`Error\` with a \`code\`:

${codes(FAILURES)}

## Slots

${table(['Slot', 'Meaning'], slots.map((it) => [code(it.name), cell(it.description)]))}

## Before it has loaded

\`\`\`js
(window.dm3Chat ||= []).push(['open', { to: 'a.eth' }]);
\`\`\`

Any element with \`data-dm3-to\` opens the conversation when it is clicked; \`data-dm3-context\` says what that is about,
\`data-dm3-draft\` what stands in its field.
`;
}

/** Variables, parts and states. */
export function theming({ cssProperties, cssParts, cssStates }) {
  return `# Theming

\`theme\` chooses light, dark or what the person's system says. A colour of your own is one line:

\`\`\`css
dm3-chat {
  --dm3-accent: #0f766e;
}
\`\`\`

Styles of the page do not come in by themselves. Where you choose colours, choose them for both looks with \`light-dark(…, …)\`, and
keep a contrast of 4.5 to 1. [The playground](/try/index.html#look){target="_self"} has a chat whose look you change beside it, and the styles to take
along.

## Variables

${table(['Variable', 'If unset', 'Meaning'], cssProperties.map((it) => [code(it.name), code(it.default), cell(it.description)]))}

## Parts

As \`dm3-chat::part(launcher) { … }\`.

${table(['Part', 'Meaning'], cssParts.map((it) => [code(it.name), cell(it.description)]))}

## States

As \`dm3-chat:state(unread) { … }\`.

${table(['State', 'Meaning'], cssStates.map((it) => [code(it.name), cell(it.description)]))}
`;
}

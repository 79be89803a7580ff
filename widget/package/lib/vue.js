// <Dm3Chat> for Vue 3: its events are the element's without the prefix, and nothing happens on a server.
import { defineComponent, h, onMounted, shallowRef } from 'vue';
import { load } from './loader.js';
import { ATTRIBUTES, EVENTS, FLAGS, PROPERTIES } from './names.js';

// Without a default Vue takes an absent one for false.
const flag = { type: Boolean, default: undefined };

const props = Object.fromEntries([
  ...Object.keys(ATTRIBUTES).map(name => [name, FLAGS.includes(name) ? flag : String]),
  ...PROPERTIES.map(name => [name, Object]),
]);

export const Dm3Chat = defineComponent({
  name: 'Dm3Chat',
  props,
  emits: EVENTS,
  setup(given, { emit, slots, expose }) {
    const element = shallowRef(null);
    expose({ element });
    onMounted(() => load().catch(error => console.error('dm3-chat:', error)));
    return () => {
      const passed = { ref: element };
      // Before the element is defined Vue would write false as a text, and the attribute would be there.
      for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
        if (given[name] !== undefined) passed[attribute] = given[name] === false ? null : given[name];
      }
      for (const name of PROPERTIES) if (given[name] !== undefined) passed[`.${name}`] = given[name];
      for (const name of EVENTS) passed[`on:dm3-${name}`] = event => emit(name, event);
      return h('dm3-chat', passed, slots.default?.());
    };
  },
});

/** For `app.use()`: the component for every template. */
export default { install: app => app.component('Dm3Chat', Dm3Chat) };

'use client';
// <Dm3Chat> for React 18 and 19: properties and events, which React 18 does not pass to custom elements, and nothing on a server.
import { createElement, forwardRef, useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import { load } from './loader.js';
import { ATTRIBUTES, HANDLERS, PROPERTIES } from './names.js';

// React 18 warns of layout effects on a server.
const useNow = globalThis.document ? useLayoutEffect : useEffect;

export const Dm3Chat = forwardRef(function Dm3Chat(props, ref) {
  const element = useRef(null);
  const latest = useRef({});
  const passed = { ref: element };
  for (const [name, value] of Object.entries(props)) {
    if (Object.hasOwn(HANDLERS, name) || PROPERTIES.includes(name)) continue;
    if (name === 'className') passed.class = value;
    // React 18 would write false as a text, and the attribute would be there.
    else passed[ATTRIBUTES[name] ?? name] = value === false ? undefined : value;
  }

  useImperativeHandle(ref, () => element.current, []);
  useNow(() => {
    latest.current = props;
  });
  for (const name of PROPERTIES) {
    useNow(() => {
      if (props[name] !== undefined || element.current[name] !== undefined) element.current[name] = props[name];
    }, [props[name]]);
  }
  useNow(() => {
    const chat = element.current;
    const listeners = Object.entries(HANDLERS).map(([name, event]) => [event, told => latest.current[name]?.(told)]);
    for (const [event, listener] of listeners) chat.addEventListener(event, listener);
    return () => {
      for (const [event, listener] of listeners) chat.removeEventListener(event, listener);
    };
  }, []);
  useEffect(() => {
    load().catch(error => console.error('dm3-chat:', error));
  }, []);

  return createElement('dm3-chat', passed);
});

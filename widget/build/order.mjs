// The order of the functions in the WASM. Brotli refers back to what it has seen, the cheaper the nearer it is; Rust
// compiles generics into many functions that resemble each other and are far apart.

import { bodies, withFunctionNames } from './wasm.mjs';

/** Functions are compared by what runs of this many bytes they have. */
const RUN = 4;
/** Runs that more functions have than this say nothing. */
const COMMON = 400;

/** The module with names for its functions: sorted by them, those stand together that resemble each other. */
export function nameBySimilarity(wasm) {
  const code = bodies(wasm);
  const places = new Array(code.length);
  for (const [place, number] of similarOrder(code).entries()) places[number] = String(place).padStart(6, '0');
  return withFunctionNames(wasm, places);
}

/** The numbers of the bodies in an order in which each resembles the one before it. */
function similarOrder(bodies) {
  const runs = bodies.map(runsOf);
  const owners = new Map();
  for (const [number, own] of runs.entries()) {
    for (const run of own) {
      if (owners.has(run)) owners.get(run).push(number);
      else owners.set(run, [number]);
    }
  }
  const waiting = new Set(bodies.keys());
  const order = [];
  let next = bodies.reduce((largest, body, number) => (body.length > bodies[largest].length ? number : largest), 0);
  while (next !== undefined) {
    order.push(next);
    waiting.delete(next);
    next = mostSimilar(next, { runs, owners, waiting });
  }
  return order;
}

function runsOf(body) {
  const found = new Set();
  for (let at = 0; at + RUN <= body.length; at++) found.add(body.readUInt32LE(at));
  return found;
}

/** By the runs that two have in common, of all that one of them has; ties go to the lower number. */
function mostSimilar(number, { runs, owners, waiting }) {
  const common = new Map();
  for (const run of runs[number]) {
    const having = owners.get(run);
    if (having.length > COMMON) continue;
    for (const other of having) if (waiting.has(other)) common.set(other, (common.get(other) ?? 0) + 1);
  }
  let best = waiting.values().next().value;
  let most = 0;
  for (const [other, count] of common) {
    const share = count / (runs[number].size + runs[other].size - count);
    if (share < most || (share === most && other > best)) continue;
    most = share;
    best = other;
  }
  return best;
}

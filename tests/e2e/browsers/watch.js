// Runs first in every page of the browser tests: notes what breaks the policy and what nobody catches, over reloads.
// Served as a file, so that it works in every engine and under the policy itself.
(() => {
  const KEY = 'dm3-test-faults';
  const note = (fault) => {
    const faults = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    sessionStorage.setItem(KEY, JSON.stringify([...faults, fault]));
  };
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
    note(`policy: ${violatedDirective} blocked ${blockedURI} (${sourceFile})`),
  );
  addEventListener('error', ({ message }) => note(`uncaught: ${message}`));
  addEventListener('unhandledrejection', ({ reason }) => note(`unhandled: ${reason?.message ?? reason}`));
  window.dm3TakeFaults = () => {
    const faults = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    sessionStorage.removeItem(KEY);
    return faults;
  };
})();

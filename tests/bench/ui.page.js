// Runs in pages of `npm run bench -- ui`: goes through a list of messages, frame by frame, and types.
(() => {
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  const bench = (window.bench ??= {});

  /**
   * Scrolls by `step` pixels each frame until nothing comes any more; how long each frame took, and the most elements.
   * Who is too slow is left after half a minute: then it was not the `whole`.
   */
  bench.through = async (scroller, root, step) => {
    const [frames, limit] = [[], performance.now() + 30_000];
    let [before, still, most] = [await frame(), 0, 0];
    while (still < 30 && performance.now() < limit) {
      const at = scroller.scrollTop;
      scroller.scrollTop = at + step;
      const now = await frame();
      frames.push(now - before);
      before = now;
      still = scroller.scrollTop === at ? still + 1 : 0;
      if (frames.length % 20 === 0) most = Math.max(most, root.querySelectorAll('*').length);
    }
    return { frames: frames.slice(0, frames.length - still), most, whole: still >= 30 };
  };

  /** Types letter by letter: how long each takes until the page is laid out with it. */
  bench.type = async (field, count) => {
    const took = [];
    field.focus();
    for (let letter = 0; letter < count; letter += 1) {
      await frame();
      await new Promise((next) => setTimeout(next, 30));
      const begun = performance.now();
      document.execCommand('insertText', false, 'a');
      // What the element does follows in the same task, or in tasks that come at once.
      await new Promise((next) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = next;
        port2.postMessage(0);
      });
      field.getBoundingClientRect();
      took.push(performance.now() - begun);
    }
    return took;
  };
})();

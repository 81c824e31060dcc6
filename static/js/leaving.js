// Pages that go on by themselves when something happens elsewhere. Whoever is on their way already (a link was pressed, a form
// sent) must not be called back: a page that loads itself anew takes the place of the one they asked for. Nor does a page go
// on without a network: the browser's own complaint would take its place, and all that was typed in it.

const ON_THE_WAY = 10000; // longer than that, and it was no way out: a file to keep, or a question answered with "Stay"

let left = -Infinity;
addEventListener("beforeunload", () => { left = performance.now(); });
addEventListener("pageshow", () => { left = -Infinity; }); // back again, out of the browser's memory

/** Leave this page by `act`; while somebody is leaving it themselves, later and only if they are still here: `act` looks again. */
export function whenHere(act) {
  const stay = left + ON_THE_WAY - performance.now();
  if (!navigator.onLine) addEventListener("online", () => whenHere(act), { once: true });
  else if (stay > 0) setTimeout(() => whenHere(act), stay);
  else act();
}

/** Show this page as it is now. For pages on which nothing typed can be lost. */
export const showAnew = () => whenHere(() => location.reload());

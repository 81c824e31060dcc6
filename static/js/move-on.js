// Pages that go on by themselves when something happens elsewhere. Whoever is on their way already (a link was pressed, a form
// sent) must not be called back: a page that loads itself anew takes the place of the one they asked for.

const ON_THE_WAY = 10000; // longer than that, and it was no way out: a file to keep, or a question answered with "Stay"

let left = -Infinity;
addEventListener("beforeunload", () => { left = performance.now(); });

/** Show this page as it is now, or the one at `address`; while somebody is leaving, only if they are still here later. */
export function moveOn(address = "") {
  const stay = left + ON_THE_WAY - performance.now();
  if (stay > 0) setTimeout(() => moveOn(address), stay);
  else if (address) location.assign(address);
  else location.reload();
}

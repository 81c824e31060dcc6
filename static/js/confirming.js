// The page of a session that is paid and not confirmed yet. The live stream usually tells first (live-page.js); until then it asks
// as often as the payment's return page: every 2 s whether there is more to say, every 10 s to have the payment read.
import { fresh } from "./dom.js";
import { showAnew } from "./leaving.js";

const ASK_EVERY = 2000;
const LATER_EVERY = 10000;
const READ_EVERY = 10000;
const LATE = 60000;

export function attach(root) {
  for (const place of fresh(root, "[data-confirming]")) follow(place);
}

function follow(place) {
  const began = Date.now();
  let read = began;
  const ask = async () => {
    if (Date.now() - read >= READ_EVERY) {
      read = Date.now();
      const form = place.querySelector("form");
      await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "manual" });
    }
    const response = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return response.ok && page.querySelector("[data-confirming]")?.dataset.confirming !== place.dataset.confirming;
  };
  const next = async () => {
    // Offline, or trouble of ours: it goes on once that is over.
    if (!document.hidden && (await ask().catch(() => false))) return showAnew();
    return setTimeout(next, Date.now() - began > LATE ? LATER_EVERY : ASK_EVERY);
  };
  setTimeout(next, ASK_EVERY);
}

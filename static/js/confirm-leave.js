// A form with changes warns before the page is left, and shows its save bar with the first change.
import { fresh } from "./dom.js";

const snapshot = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")).toString();

/** What the page came with: somebody may have typed before this script was there. */
function asCame(form) {
  const copy = form.cloneNode(true);
  copy.reset();
  return snapshot(copy);
}

export function attach(root) {
  for (const form of fresh(root, "[data-confirm-leave]")) {
    const bar = form.querySelector("[data-savebar]") ?? (form.id && document.querySelector(`[data-savebar="${form.id}"]`));
    let saved = asCame(form);
    let leaving = false;
    // A page that came back with errors holds unsaved answers already.
    const failed = Boolean(document.querySelector("[data-error-summary]"));
    const changed = () => failed || snapshot(form) !== saved;
    const show = () => { if (bar) bar.hidden = !changed(); };
    form.addEventListener("input", show);
    form.addEventListener("change", show);
    form.addEventListener("rows-changed", show);
    form.addEventListener("reset", () => {
      if (!failed) return setTimeout(() => { saved = snapshot(form); show(); });
      // What stands in the page was never saved: the saved answers are the server's to tell.
      leaving = true;
      location.assign(location.pathname);
    });
    form.addEventListener("submit", () => { leaving = true; });
    addEventListener("beforeunload", (event) => {
      if (!leaving && form.isConnected && changed()) event.preventDefault();
    });
    show();
  }
}

// What htmx asks for and does not get. An answer that is no part of the page (trouble of ours, the sign-in page) must not take
// the place of one: what is on screen stays, and whoever asked is told so, or brought to where the answer came from.
import { fresh } from "./dom.js";
import { attach as attachToasts } from "./toast.js";

const BY_ITSELF = "[hx-trigger^=every], [hx-trigger^=input]"; // asks again soon

export function attach(root) {
  if (fresh(root, "meta[name=htmx-config]").length) {
    document.addEventListener("htmx:before:response", (event) => {
      const { sourceElement: asker, response: { raw } } = event.detail.ctx;
      if (raw.ok && !raw.redirected) return told();
      event.preventDefault();
      if (!raw.redirected) return tell(asker);
      // While somebody writes they stay: saving asks them to sign in.
      if (!asker.matches("form[hx-trigger^=input]")) location.assign(raw.url);
    });
    document.addEventListener("htmx:error", ({ detail: { ctx } }) => tell(ctx.sourceElement)); // offline, or too slow
  }
}

const told = () => document.querySelector("[data-not-loaded]")?.remove();

function tell(asker) {
  if (asker.matches(BY_ITSELF)) return;
  if (asker.type === "radio") { // back to what the page shows
    for (const each of document.getElementsByName(asker.name)) each.checked = each.defaultChecked;
    asker.closest("[data-picker]")?.dispatchEvent(new Event("change"));
  }
  told();
  document.querySelector("[data-toasts]").append(document.getElementById("not-loaded").content.cloneNode(true));
  attachToasts(document);
}

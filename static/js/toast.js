// Messages leave after 6 s, wait while looked at, and are read out by the status region.
import { fresh, say } from "./dom.js";

const SHOWN = 6000;

export function attach(root) {
  for (const toast of fresh(root, "[data-toast]")) {
    say(toast.querySelector("p").textContent);
    toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
    if ("toastStays" in toast.dataset) continue;
    let timer;
    const start = () => { timer = setTimeout(() => toast.remove(), SHOWN); };
    const pause = () => clearTimeout(timer);
    for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, pause);
    for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, start);
    start();
  }
}

// The join page: says that somebody is there, now and every `data-beat` seconds, for as long as the page is open.

import { fresh } from "./dom.js";

export function attach(root) {
  for (const form of fresh(root, "form[data-beat]")) {
    form.hidden = true; // the button is for those without script
    const beat = () => {
      const body = new FormData(form);
      body.delete("by_hand");
      // What is lost is made up for by the next one; a refusal means that the room has closed.
      fetch(form.action, { method: "POST", body, credentials: "same-origin", keepalive: true }).then(
        (response) => { if (!response.ok) clearInterval(timer); },
        () => {},
      );
    };
    const timer = setInterval(beat, Number(form.dataset.beat) * 1000);
    // A page in the background runs its clocks rarely; one that comes back says so at once.
    document.addEventListener("visibilitychange", beat);
    beat();
  }
}

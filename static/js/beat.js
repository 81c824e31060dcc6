// The join page: says that somebody is there, now and every `data-beat` seconds, and shows who else is.
import { fresh } from "./dom.js";
import { showAnew } from "./leaving.js";

export function attach(root) {
  for (const form of fresh(root, "form[data-beat]")) {
    form.hidden = true; // the button is for those without script
    let timer;
    let last = 0;
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      document.querySelector("[data-beat-stopped]").hidden = false;
    };
    const beat = async () => {
      if (!timer) return;
      last = Date.now();
      const body = new FormData(form);
      body.delete("by_hand");
      const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => null);
      // What is lost is made up for by the next one. The room has closed, or the sign-in is over: nothing more comes of it.
      if (response?.redirected || (response && response.status >= 400 && response.status < 500 && response.status !== 429)) return stop();
      if (response?.ok) show(await response.text());
    };
    timer = setInterval(beat, Number(form.dataset.beat) * 1000);
    // A page in the background runs its clocks rarely, one that is frozen not at all: it says so as it goes, which carries its
    // stretch that far, and at once when it is back. What lies between is not counted, and the answer says how much is.
    for (const moment of ["visibilitychange", "freeze", "resume"]) document.addEventListener(moment, beat);
    addEventListener("pagehide", () => { if (Date.now() - last > 1000) beat(); }); // where nothing else has said it
    addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
    addEventListener("online", beat);
    // The other has come, or has written something down.
    document.addEventListener("live", ({ detail: { kind, data } }) => { if (kind === "booking" && data.booking === form.dataset.booking) beat(); });
    beat();
  }
  for (const place of fresh(root, "[data-reload-in]")) {
    const due = Date.now() + Number(place.dataset.reloadIn) * 1000;
    const look = setInterval(() => {
      if (Date.now() < due) return;
      clearInterval(look);
      showAnew();
    }, 1000);
  }
}

/** Put what the server says of the other's presence in its place, where it says something new. */
function show(html) {
  const now = new DOMParser().parseFromString(html, "text/html").querySelector("[data-presence]");
  const before = document.querySelector("[data-presence]");
  if (!now || !before) return;
  if (now.textContent !== before.textContent) before.innerHTML = now.innerHTML;
  document.dispatchEvent(new CustomEvent("notes-now", { detail: Number(now.dataset.notesNow) }));
}

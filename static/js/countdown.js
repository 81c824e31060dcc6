// The clock of a hold. It counts from the server's two times, so a wrong clock here does no harm; it never pauses.
// The numbers are hidden from assistive technology; a polite region speaks at 10, 5, 2 and 1 minutes.
import { fresh } from "./dom.js";
import { whenHere } from "./leaving.js";

const SPOKEN = [10, 5, 2, 1];

const face = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export function attach(root) {
  for (const hold of fresh(root, "[data-countdown]")) run(hold);
}

function run(hold) {
  const part = (name) => hold.querySelector(`[data-countdown-${name}]`);
  let offset;
  let expires;
  const read = () => {
    offset = Date.parse(hold.dataset.now) - Date.now();
    expires = Date.parse(hold.dataset.expires);
  };
  const left = () => Math.max(0, Math.ceil((expires - Date.now() - offset) / 1000));
  read();
  let spoken = SPOKEN.filter((minutes) => left() <= minutes * 60);

  const tick = () => {
    if (!hold.isConnected) return clearInterval(timer);
    const seconds = left();
    part("clock").textContent = face(seconds);
    part("bar").value = seconds;
    const due = SPOKEN.filter((minutes) => seconds <= minutes * 60 && !spoken.includes(minutes));
    if (due.length) {
      spoken = spoken.concat(due);
      const minutes = Math.min(...due);
      part("status").textContent = minutes === 1 ? hold.dataset.sayMinute : hold.dataset.sayMinutes.replace("%n", minutes);
      if (minutes === 2) part("text").textContent = hold.dataset.sayLast;
    }
    if (seconds > 0) return undefined;
    clearInterval(timer);
    part("status").textContent = hold.dataset.sayOver;
    // The server decides what comes next (held again, or three other times). A payment on its way is left alone.
    whenHere(() => {
      hold.dispatchEvent(new CustomEvent("hold-over", { bubbles: true }));
      if (hold.dataset.expiredUrl && !document.querySelector("[data-pay][aria-busy=true]")) location.assign(hold.dataset.expiredUrl);
    });
    return undefined;
  };
  const timer = setInterval(tick, 1000);
  tick();

  // "More time" asks in place, so that what was typed in the other form stays.
  hold.querySelector("form[data-keep-answers]")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const renewed = page.querySelector("[data-countdown]");
      if (!response.ok || !renewed) throw new Error(`extend answered ${response.status}`);
      hold.dataset.expires = renewed.dataset.expires;
      hold.dataset.now = renewed.dataset.now;
      hold.dataset.sayLast = renewed.dataset.sayLast;
      part("text").textContent = renewed.querySelector("[data-countdown-text]").textContent;
      part("bar").max = Math.max(part("bar").max, renewed.querySelector("[data-countdown-bar]").max);
      read();
      spoken = SPOKEN.filter((minutes) => left() <= minutes * 60);
      form.hidden = !renewed.querySelector("form[data-keep-answers]");
      tick();
      part("status").textContent = part("text").textContent;
    } catch {
      form.submit();
    }
  });
}

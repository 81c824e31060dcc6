// A start that somebody else takes while it is on screen: told by the stream, or asked for now and then where there is none.
import { api, fresh } from "./dom.js";
import { isLive } from "./live.js";
import { markTaken } from "./picker.js";

const POLL = 30000;
const QUARTER = 15 * 60000;

/** Ask which of the starts on screen are still free, and mark the others. */
async function check(page) {
  const inputs = [...page.querySelectorAll(".slot input:not(:disabled)")];
  const length = page.querySelector("input[name=minutes]:checked");
  if (!inputs.length || !length) return;
  const times = inputs.map((input) => Date.parse(input.value));
  const query = new URLSearchParams({
    minutes: length.value,
    from: new Date(Math.min(...times)).toISOString(),
    to: new Date(Math.max(...times) + QUARTER).toISOString(),
  });
  const answer = await api(`/api/mentors/${page.dataset.liveMentor}/slots?${query}`);
  if (!answer.ok) return;
  const free = new Set(answer.data.items.map((slot) => Date.parse(slot.starts_at)));
  for (const input of inputs) {
    // The page may have moved to another week or length meanwhile.
    if (input.isConnected && !free.has(Date.parse(input.value))) markTaken(page.querySelector("[data-picker]"), input.value);
  }
}

export function attach(root) {
  for (const page of fresh(root, "[data-live-mentor]")) {
    let timer;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => check(page).catch(() => {}), 150); // one question for all that is told at once
    };
    document.addEventListener("live-open", soon);
    document.addEventListener("live", ({ detail }) => { if (detail.kind === "slot_taken") soon(); });
    setInterval(() => { if (!document.hidden && !isLive()) soon(); }, POLL);
  }
}

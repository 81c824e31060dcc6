// The return page: asks every 2 s whether the server has confirmed; after a minute says that the page may be closed.
import { api, fresh, wait } from "./dom.js";

const PACE = 2000;
const PATIENCE = 60000;

export function attach(root) {
  for (const page of fresh(root, "[data-pay-status]")) watch(page);
}

async function watch(page) {
  const { booking, next } = page.dataset;
  const began = Date.now();
  while (page.isConnected) {
    await wait(PACE);
    const late = Date.now() - began > PATIENCE;
    if (late) page.querySelector("[data-pay-late]").hidden = false;
    if (document.hidden) continue;
    try {
      const { ok, data } = await api(`/api/bookings/${booking}`);
      if (ok && data.status !== "held" && !["pending", "processing"].includes(data.payment?.status)) {
        location.replace(next);
        return;
      }
    } catch {
      // No network: the next round asks again.
    }
  }
}

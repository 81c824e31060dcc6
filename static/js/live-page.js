// The rest of a page that what is told concerns: the counts in the header, and the session that the page is about.
import { api, fresh } from "./dom.js";
import { whenHere } from "./leaving.js";
import { followBooking } from "./live.js";

/** Say anew how much is unread, in the header and before the title. */
async function count() {
  const answer = await api("/api/unread");
  if (!answer.ok) return;
  for (const badge of document.querySelectorAll("[data-unread]")) {
    const unread = answer.data[badge.dataset.unread];
    badge.firstChild.textContent = unread;
    badge.hidden = !unread;
  }
  const bare = document.title.replace(/^\(\d+\) /, "");
  document.title = answer.data.messages ? `(${answer.data.messages}) ${bare}` : bare;
}

/** Show the session as it is now. What was typed is not taken away: then a line offers to. */
function renew(page) {
  const typed = [...document.querySelectorAll("main textarea, main input:not([type=hidden])")].some((field) => (
    ["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue
  ));
  const notice = page.querySelector("[data-live-changed]");
  if (typed && notice) notice.hidden = false;
  else location.reload();
}

export function attach(root) {
  for (const body of fresh(root, "body[data-live]", "counts")) {
    let timer;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => count().catch(() => {}), 400);
    };
    if (!body.querySelector("[data-unread]")) continue;
    document.addEventListener("live", ({ detail }) => { if (["message", "read", "booking"].includes(detail.kind)) soon(); });
    document.addEventListener("live-open", soon);
  }
  for (const page of fresh(root, "[data-live-booking]")) {
    // Its time, and one that is suggested for it: those that the page shows, where it says so.
    const { liveStarts, liveProposal } = page.dataset;
    const second = (moment) => Math.floor(Date.parse(moment) / 1000); // as finely as the page writes it
    const both = (start, proposal) => `${second(start)} ${second(proposal)}`;
    let known = liveStarts && both(liveStarts, liveProposal);
    followBooking(page.dataset.liveBooking, ({ status, starts_at: start, proposal }) => {
      const times = both(start, proposal?.starts_at);
      known ??= times;
      if (status !== page.dataset.liveStatus || times !== known) whenHere(() => renew(page));
    });
  }
}

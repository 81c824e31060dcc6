// The one script of every page. It loads a behaviour when a page holds something for it, and again after htmx swaps.
// Each behaviour is a module with `attach(root)`, safe to run twice.

const BEHAVIOURS = [
  ["[data-live]", () => import("./live.js")],
  ["[data-live], [data-live-booking]", () => import("./live-page.js")],
  ["[data-confirming]", () => import("./confirming.js")],
  ["[data-live-mentor]", () => import("./live-picker.js")],
  ["[data-error-summary]", () => import("./error-summary.js")],
  ["[data-toast]", () => import("./toast.js")],
  ["[data-picker]", () => import("./picker.js")],
  ["[data-beat], [data-reload-in]", () => import("./beat.js")],
  ["[data-devices]", () => import("./devices.js")],
  ["[data-notes]", () => import("./notes.js")],
  ["[data-countdown]", () => import("./countdown.js")],
  ["[data-upload]", () => import("./upload.js")],
  ["[data-chat]", () => import("./chat.js")],
  ["[data-chat-starter]", () => import("./starters.js")],
  ["[data-hours]", () => import("./hours.js")],
  ["[data-pay]", () => import("./pay.js")],
  ["[data-confirm-leave]", () => import("./confirm-leave.js")],
  ["[data-auto-submit]", () => import("./search.js")],
  ["meta[name=htmx-config]", () => import("./answers.js")],
  ["[data-count-for]", () => import("./counter.js")],
  ["[data-dialog]", () => import("./dialog.js")],
  ["[data-confirm-first]", () => import("./confirm-first.js")],
  ["[data-review], [data-review-undo]", () => import("./review.js")],
  ["[data-copy]", () => import("./copy.js")],
  ["[data-passkey]", () => import("./passkey.js")],
];

function attach() {
  for (const [selector, load] of BEHAVIOURS) {
    if (document.querySelector(selector)) load().then((behaviour) => behaviour.attach(document));
  }
}

/** On a phone the tabs scroll sideways: bring the page one is on into sight, and move nothing else. */
function showWhereWeAre() {
  for (const here of document.querySelectorAll(".side-nav > [aria-current], .tabs > [aria-current]")) {
    const [line, link] = [here.parentElement, here].map((box) => box.getBoundingClientRect());
    here.parentElement.scrollLeft += link.left + link.width / 2 - line.left - line.width / 2;
  }
}

function showOffline() {
  for (const banner of document.querySelectorAll("[data-offline]")) banner.hidden = navigator.onLine;
}

const { zone } = document.documentElement.dataset;
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
if (here && (zone !== here || !document.cookie.includes("tz="))) {
  import("./tz.js").then((tz) => tz.attach(document));
}

document.addEventListener("change", async (event) => {
  if (!event.target.matches("[data-theme-picker]")) return;
  const theme = await import("./theme.js");
  theme.choose(event.target.value);
});
addEventListener("online", showOffline);
addEventListener("offline", showOffline);
document.addEventListener("htmx:after:swap", attach);
showOffline();
showWhereWeAre();
attach();

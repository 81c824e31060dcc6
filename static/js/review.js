// The staff's review desk: zoom and rotate the pages, decide by single keys (which can be switched off), and take the
// offer to undo away once it has lapsed. Everything works without this; keys only press what stands on the page.
import { fresh, say, store } from "./dom.js";

const OFF = "review-keys-off";
const ZOOMS = 4;

export function attach(root) {
  for (const bar of fresh(root, "[data-review-undo]")) countDown(bar);
  for (const desk of fresh(root, "[data-review]")) new Desk(desk);
}

/** Say how long undoing is still open, for the eyes alone: others were told once. Then the offer is taken away, not its place. */
function countDown(bar) {
  const place = bar.querySelector("[data-review-left]");
  const words = JSON.parse(place.dataset.reviewLeft);
  // The page's clock began with the answer: this script may have come later.
  const [{ responseStart }] = performance.getEntriesByType("navigation");
  const ends = performance.timeOrigin + responseStart + 1000 * Number(bar.dataset.reviewUndo);
  const tick = () => {
    const seconds = Math.ceil((ends - Date.now()) / 1000);
    if (seconds > 0) {
      const said = words[Math.min(seconds, words.length) - 1];
      if (place.textContent !== said) place.textContent = said;
      return;
    }
    clearInterval(timer);
    if (bar.contains(document.activeElement)) document.querySelector("[data-review-side], main a")?.focus();
    bar.querySelector("[role=status] .visually-hidden").remove();
    bar.classList.add("undo--over");
  };
  const timer = setInterval(tick, 250);
  tick();
}

class Desk {
  constructor(element) {
    this.element = element;
    this.view = element.querySelector("[data-review-view]");
    this.side = element.querySelector("[data-review-side]");
    this.zoom = 1;
    this.turn = 0;
    this.off = store.get(OFF) === "1";
    for (const button of element.querySelectorAll("[data-review-zoom]")) {
      button.addEventListener("click", () => this.scale(this.zoom + Number(button.dataset.reviewZoom)));
    }
    this.part("rotate")?.addEventListener("click", () => this.rotate());
    this.part("switch")?.addEventListener("click", () => this.switchKeys(!this.off));
    this.showKeys();
    this.side?.addEventListener("keydown", (event) => this.press(event));
    this.side?.addEventListener("input", (event) => this.forgetMail(event.target.form));
    const mail = this.part("mail");
    if (mail) new MutationObserver(() => this.showMail(mail)).observe(mail, { childList: true });
    // Unless somebody was quicker than this script and is elsewhere already.
    const isUntouched = [document.body, null].includes(document.activeElement);
    if (isUntouched && !this.off && !element.querySelector("[data-error-summary]")) this.side?.focus({ preventScroll: true });
  }

  /** The mail that stands there is of other words than those chosen now. */
  forgetMail(form) {
    if (form?.id === "decide") this.part("mail").replaceChildren();
  }

  /** Bring the mail before the eyes, unless it grows while its words are typed. */
  showMail(mail) {
    if (!document.activeElement?.matches("textarea")) mail.firstElementChild?.scrollIntoView({ block: "nearest" });
  }

  part(name) {
    return this.element.querySelector(`[data-review-${name}]`);
  }

  scale(zoom) {
    if (!this.view) return;
    this.zoom = Math.min(ZOOMS, Math.max(1, zoom));
    this.mark("zoom", this.zoom);
    const scale = this.part("scale");
    const percent = ["", "", "150 %", "200 %", "300 %"][this.zoom];
    scale.textContent = percent || scale.dataset.fit;
    say(scale.textContent);
  }

  rotate() {
    this.turn = (this.turn + 1) % 4;
    this.mark("turn", this.turn);
  }

  mark(kind, value) {
    for (let i = 0; i <= ZOOMS; i += 1) this.view.classList.toggle(`review__view--${kind}-${i}`, i === value);
  }

  switchKeys(off) {
    this.off = off;
    store.set(OFF, off ? "1" : "");
    this.showKeys();
  }

  showKeys() {
    const button = this.part("switch");
    if (!button) return;
    button.textContent = this.off ? button.dataset.on : button.dataset.off;
    this.part("hint").hidden = this.off;
  }

  /** Single keys in the panel, unless they are off, something is being typed, or a browser's own shortcut is meant. */
  press(event) {
    const { target } = event;
    const typing = target.matches?.("textarea, select, input:not([type=radio], [type=checkbox])");
    if (this.off || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  action(key) {
    const choose = (value) => () => this.choose(`[name=decision][value=${value}]`);
    const follow = (name) => () => this.part(name)?.click();
    if (/^[1-6]$/.test(key)) return () => this.choose(`.review__reasons li:nth-child(${key}) input`);
    return {
      a: choose("approve"),
      r: choose("ask"),
      x: choose("refuse"),
      n: follow("next"),
      p: follow("previous"),
      z: () => this.scale(this.zoom === ZOOMS ? 1 : this.zoom + 1),
      "?": () => this.part("help")?.showModal(),
    }[key];
  }

  /** Choose a radio and put the focus on it, so that Enter sends the form. */
  choose(selector) {
    const radio = this.side?.querySelector(selector);
    if (!radio) return;
    radio.click(); // as by hand: who listens hears of it
    radio.focus();
  }
}

// Notes of a session, written by two: saved a little after the typing stops; what the other wrote comes in where nothing is unsaved.
import { fresh } from "./dom.js";

const headers = { "HX-Request": "true" };

export function attach(root) {
  for (const form of fresh(root, "form[data-notes]")) {
    const { text, version } = form.elements;
    const state = form.querySelector("[data-notes-state]");
    let saved = text.defaultValue;
    let timer;
    let busy = false;
    const later = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };
    const tell = (word) => { state.textContent = state.dataset[word]; };

    async function ask(options = {}) {
      busy = true;
      const response = await fetch(form.action, { headers, credentials: "same-origin", ...options }).catch(() => null);
      busy = false;
      if (!response || response.redirected || response.status >= 500 || response.status === 429) return null;
      const section = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-notes-section]");
      return section && { section, ok: response.ok };
    }

    async function save() {
      if (busy) return later(500);
      if (!form.isConnected || text.value === saved) return;
      const sent = text.value;
      const answer = await ask({ method: "POST", body: new FormData(form), keepalive: true });
      if (!answer) {
        tell("failed");
        return later(5000);
      }
      if (!answer.ok) return swap(answer.section);
      saved = sent;
      version.value = answer.section.querySelector("[name=version]").value;
      if (text.value === saved) tell("saved");
      else later(2000);
    }

    /** Another section in the place of this one; what is being typed stays. */
    function swap(section) {
      const typed = text.value;
      const had = document.activeElement === text;
      form.closest("[data-notes-section]").replaceWith(section);
      const box = section.querySelector("[name=text]");
      if (box && typed !== saved) box.value = typed;
      if (box && had) box.focus();
      document.dispatchEvent(new Event("htmx:after:swap")); // the behaviours of the new section
    }

    const typed = () => { tell("unsaved"); later(2000); };
    text.addEventListener("input", typed);
    if (text.value !== saved) typed(); // before this script came
    form.addEventListener("submit", () => { clearTimeout(timer); saved = text.value; });
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
    document.addEventListener("notes-now", async ({ detail }) => {
      if (!form.isConnected || busy || text.value !== saved || detail <= Number(version.value)) return;
      const answer = await ask();
      if (answer?.ok && text.value === saved) swap(answer.section);
    });
  }
}

// A form that needs a recent sign-in (`data-confirm-first`, the address that knows) asks for it before it is sent. Where there is
// none, the page "confirm it is you" stands in a dialog over all that was typed, which goes on once that is done. The server
// asks all the same, on a page of its own: that is the way without script, and of whatever has no place in a dialog.
import { fresh } from "./dom.js";

export function attach(root) {
  for (const form of fresh(root, "form[data-confirm-first]")) {
    let isAsking = false;
    let isConfirmed = false;
    form.addEventListener("submit", async (event) => {
      if (isConfirmed) return;
      event.preventDefault();
      if (isAsking) return;
      isAsking = true;
      if (await isHere(form.dataset.confirmFirst)) {
        isConfirmed = true;
        form.requestSubmit(event.submitter);
        isConfirmed = false; // the page may come back from the browser's memory
      }
      isAsking = false;
    });
  }
}

/** Ask whoever is there to confirm it, if need be; false when they would rather not. Trouble is left to the server's own page. */
async function isHere(address) {
  const dialog = document.querySelector("dialog[data-confirm-dialog]");
  const first = await ask(address).catch(() => ({}));
  if (!dialog || !first.parts?.length) return true;
  return new Promise((resolve) => {
    const answer = (value) => {
      listening.abort();
      dialog.close();
      resolve(value);
    };
    const listening = new AbortController();
    const { signal } = listening;
    const go = async (where, options) => {
      const answered = await ask(where, options).catch(() => ({}));
      if (answered.parts?.length) show(dialog, answered);
      else if (answered.problem) tell(dialog, answered.problem);
      else answer(true);
    };
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      go(event.target.action, { method: "POST", body: new FormData(event.target) });
    }, { signal });
    dialog.addEventListener("click", (event) => {
      const way = event.target.closest("a");
      if (way) {
        event.preventDefault();
        go(way.href);
      } else if (event.target.closest("[data-confirm-cancel]")) answer(false);
    }, { signal });
    dialog.addEventListener("cancel", () => answer(false), { signal }); // Escape
    dialog.showModal();
    show(dialog, first);
  });
}

/** What the address answers: nothing more to ask, what to ask for, or why not now. Passkeys are asked for on their page. */
async function ask(address, options) {
  const response = await fetch(address, { credentials: "same-origin", ...options });
  if (response.status === 204) return {};
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (page.querySelector("[data-passkey]")) return {};
  return {
    parts: [...page.querySelectorAll("[data-confirm-part]")],
    problem: response.status === 429 ? page.querySelector("main .lead")?.textContent : "",
  };
}

function show(dialog, { parts }) {
  dialog.querySelector("[data-confirm-problem]").hidden = true;
  const place = dialog.querySelector("[data-confirm-place]");
  place.replaceChildren(...parts);
  place.querySelector("[aria-invalid=true], input:not([type=hidden])")?.focus();
}

function tell(dialog, problem) {
  const line = dialog.querySelector("[data-confirm-problem]");
  line.textContent = problem;
  line.hidden = false;
}

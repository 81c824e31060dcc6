// Ready-made first words: a button puts its text into the box that it names, to be changed or sent.
import { fresh } from "./dom.js";

export function attach(root) {
  for (const starter of fresh(root, "[data-chat-starter]")) {
    const box = document.getElementById(starter.getAttribute("aria-controls"));
    starter.addEventListener("click", () => {
      box.value = starter.textContent.trim();
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    });
  }
}

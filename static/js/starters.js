// Ready-made first words: a button puts its text into the box that it names, to be changed or sent. One takes the place of
// another; what was typed stays, above.
import { fresh } from "./dom.js";

export function attach(root) {
  const starters = fresh(root, "[data-chat-starter]");
  const words = starters.map((starter) => starter.textContent.trim());
  for (const [number, starter] of starters.entries()) {
    const box = document.getElementById(starter.getAttribute("aria-controls"));
    starter.addEventListener("click", () => {
      const typed = box.value.trimEnd().split("\n").filter((line) => !words.includes(line));
      box.value = [...typed, words[number]].join("\n").trimStart();
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    });
  }
}

// A button that copies what stands in the field it names with `data-copy="id"`, and says so in `data-copied`.
import { fresh, say } from "./dom.js";

export function attach(root) {
  for (const button of fresh(root, "[data-copy]")) {
    const words = button.textContent;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        return; // refused or without https: it is selected, so that the keys copy it
      }
      button.textContent = button.dataset.copied;
      say(button.dataset.copied);
      setTimeout(() => (button.textContent = words), 3000);
    });
  }
}

// Opens a <dialog> from a link or button; closes on the backdrop. The browser keeps and returns the focus.
import { fresh } from "./dom.js";

export function attach(root) {
  for (const opener of fresh(root, "[data-dialog]")) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog) continue;
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.showModal();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}

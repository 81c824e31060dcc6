// The summary takes the focus when the page comes back with errors; its links go to the field and focus it.
import { fresh } from "./dom.js";

export function attach(root) {
  for (const summary of fresh(root, "[data-error-summary]")) {
    // Unless somebody was quicker than this script and is mending it already.
    const { activeElement: at } = document;
    if (!at || at === document.body || at.autofocus) summary.focus();
    summary.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      const field = link && document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`) ?? field.closest("fieldset") ?? field;
      label.scrollIntoView({ block: "center" });
      field.focus({ preventScroll: true });
    });
  }
}

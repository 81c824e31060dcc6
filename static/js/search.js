// Filters apply themselves a moment after a change. In the sheet on a phone they wait for its button.
import { fresh } from "./dom.js";

const PAUSE = 300;

export function attach(root) {
  for (const form of fresh(root, "[data-auto-submit]")) {
    let timer;
    const isSheet = () => form.matches("[popover]:popover-open");
    // On the document, because a control may stand elsewhere and name its form ("form" attribute).
    document.addEventListener("change", (event) => {
      if (event.target.form !== form) return;
      clearTimeout(timer);
      if (!isSheet()) timer = setTimeout(() => form.requestSubmit(), PAUSE);
    });
    const busy = (isBusy) => document.getElementById(form.dataset.autoSubmit)?.setAttribute("aria-busy", isBusy);
    form.addEventListener("htmx:finally:request", () => busy(false));
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      busy(true);
      if (isSheet()) form.hidePopover();
    });
  }
}

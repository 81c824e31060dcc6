// Says how many characters are left; never cuts off what is typed.
import { fresh } from "./dom.js";

export function attach(root) {
  for (const note of fresh(root, "[data-count-for]")) {
    const field = document.getElementById(note.dataset.countFor);
    const limit = Number(field?.dataset.limit);
    if (!limit) continue;
    const show = () => {
      // The server counts code points, and a line end as two characters.
      const left = limit - [...field.value.replace(/\n/g, "\r\n")].length;
      note.textContent = (left < 0 ? note.dataset.countOver : note.dataset.countLeft).replace("%n", Math.abs(left).toLocaleString(document.documentElement.lang));
      note.classList.toggle("field__count--over", left < 0);
    };
    field.addEventListener("input", show);
    show();
  }
}

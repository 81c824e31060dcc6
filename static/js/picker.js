// The slot picker: arrow keys between days, the chosen time in the summary, a start that was taken meanwhile.
// Without it the radios, the day strip (:has) and the week links work as they are.
import { fresh } from "./dom.js";

const starts = (scope) => [...scope.querySelectorAll(".slot input:not(:disabled)")];
const days = (picker) => [...picker.querySelectorAll(".picker__day")].map(starts).filter((list) => list.length);
const minuteOfDay = (input) => {
  const label = input.closest("label").textContent.trim();
  const [, hour, minute, half] = /(\d+)\D(\d+)\s*([ap])?/i.exec(label) ?? [0, 0, 0];
  return (Number(hour) % (half ? 12 : 24)) * 60 + Number(minute) + (half?.toLowerCase() === "p" ? 720 : 0);
};

function neighbour(picker, input, key) {
  const columns = days(picker);
  const at = columns.findIndex((list) => list.includes(input));
  const list = columns[at];
  const forward = key === (document.dir === "rtl" ? "ArrowLeft" : "ArrowRight");
  if (key === "Home") return list[0];
  if (key === "End") return list.at(-1);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const other = columns[at + (forward ? 1 : -1)];
    const wanted = minuteOfDay(input);
    return other?.reduce((best, each) => (Math.abs(minuteOfDay(each) - wanted) < Math.abs(minuteOfDay(best) - wanted) ? each : best));
  }
  return undefined;
}

function choose(input) {
  input.checked = true;
  input.focus();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Write the choice into everything marked `data-picked="day|date|range|length|price"` of the form. */
function summarise(picker) {
  const form = picker.closest("form") ?? document;
  const start = picker.querySelector(".slot input:checked");
  const length = picker.querySelector("input[name=minutes]:checked");
  const facts = {
    day: start?.closest(".picker__day").dataset.day,
    date: start?.closest(".picker__day").dataset.date,
    range: start?.dataset.range,
    length: length?.closest("label").querySelector(".segment__title").textContent,
    price: length?.dataset.price,
  };
  for (const target of form.querySelectorAll("[data-picked]")) {
    const fact = facts[target.dataset.picked];
    if (fact) target.textContent = fact;
    else if (target.dataset.none !== undefined) target.textContent = target.dataset.none;
  }
  for (const part of form.querySelectorAll("[data-picked-only]")) part.hidden = !start;
  for (const button of form.querySelectorAll("[data-pick-label]")) {
    button.dataset.label ??= button.textContent;
    button.textContent = start ? button.dataset.label : button.dataset.pickLabel;
  }
}

export function markTaken(picker, value) {
  const input = picker.querySelector(`.slot input[value="${CSS.escape(value)}"]`);
  if (!input || input.disabled) return;
  const time = input.closest("label").textContent.trim();
  input.checked = false;
  input.disabled = true;
  const status = picker.querySelector("[data-picker-status]");
  status.textContent = status.dataset.taken.replace("%time", time);
  summarise(picker);
}

let isFirst = true;

export function attach(root) {
  for (const picker of fresh(root, "[data-picker]")) {
    // After a swap the focus moves only if what had it is gone: to the new heading.
    if (!isFirst && document.activeElement === document.body) picker.querySelector(".picker__title").focus();
    isFirst = false;
    picker.addEventListener("keydown", (event) => {
      const input = event.target.closest(".slot input");
      if (!input || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "PageUp" || event.key === "PageDown") {
        const link = picker.querySelector(event.key === "PageUp" ? "[data-picker-previous]" : "[data-picker-next]");
        if (!link) return;
        event.preventDefault();
        link.click();
        return;
      }
      const target = neighbour(picker, input, event.key);
      if (!target) {
        // At the last day an arrow stays where it is instead of walking down the column.
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") event.preventDefault();
        return;
      }
      event.preventDefault();
      choose(target);
    });
    picker.addEventListener("change", () => summarise(picker));
    document.addEventListener("slot-taken", (event) => markTaken(picker, event.detail));
    const strip = picker.querySelector(".picker__strip-day:has(:checked)");
    if (strip) strip.parentElement.scrollLeft = strip.offsetLeft - strip.parentElement.offsetLeft - 60;
    summarise(picker);

    const form = picker.closest("form");
    for (const each of form ? fresh(form.parentElement ?? form, "form", "picker-submit") : []) {
      if (each !== form) continue;
      form.addEventListener("submit", (event) => {
        const now = form.querySelector("[data-picker]");
        if (!now || now.querySelector(".slot input:checked")) return;
        event.preventDefault();
        const first = starts(now)[0];
        now.scrollIntoView({ block: "start" });
        first?.focus({ preventScroll: true });
      });
    }
  }
}

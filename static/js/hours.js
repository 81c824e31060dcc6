// Weekly hours: add, remove and copy from-until pairs. Switching a day off keeps its pairs until saved.
import { fresh } from "./dom.js";

const pairs = (row) => [...row.querySelectorAll("[data-hours-range]")];
const values = (range) => [...range.querySelectorAll("select")].map((select) => select.value);

function add(row, [start, end] = ["", ""]) {
  const number = Number(row.dataset.next);
  row.dataset.next = number + 1;
  const html = row.querySelector("[data-hours-template]").innerHTML.replaceAll("__n__", number).replaceAll("__k__", pairs(row).length + 1);
  const ranges = row.querySelector("[data-hours-ranges]");
  ranges.querySelector(".hours__off").insertAdjacentHTML("beforebegin", html);
  const range = pairs(row).at(-1);
  const [from, until] = range.querySelectorAll("select");
  from.value = start;
  until.value = end;
  row.querySelector("[data-hours-switch]").checked = true;
  note(range);
  return from;
}

/** A day that is switched on without hours is offered some. */
function offer(row) {
  if (row.querySelector("[data-hours-switch]").checked && !pairs(row).length) add(row, ["09:00", "17:00"]);
}

/** An end at or before its start is on the next morning, and says so. */
function note(range) {
  const [start, end] = values(range);
  const line = range.querySelector("[data-hours-note]");
  line.hidden = !(start && end && end <= start);
  if (!line.hidden) line.textContent = line.dataset.text.replace("__t__", end);
}

const changed = (list) => list.dispatchEvent(new CustomEvent("rows-changed", { bubbles: true }));

export function attach(root) {
  for (const list of fresh(root, "[data-hours]")) {
    const rows = () => [...list.querySelectorAll("[data-hours-row]")];
    const saved = list.innerHTML;
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      const row = button?.closest("[data-hours-row]");
      if (!row) return;
      if ("hoursAdd" in button.dataset) {
        event.preventDefault();
        const last = pairs(row).at(-1);
        add(row, last && values(last)[0] === "" ? undefined : ["", ""]).focus();
      } else if ("hoursRemove" in button.dataset) {
        event.preventDefault();
        button.closest("[data-hours-range]").remove();
        if (!pairs(row).length) row.querySelector("[data-hours-switch]").checked = false;
        row.querySelector("[data-hours-add]").focus();
      } else if ("hoursCopy" in button.dataset) {
        copy(list, rows(), row);
        return;
      } else {
        return;
      }
      changed(list);
    });
    list.addEventListener("change", (event) => {
      const range = event.target.closest("[data-hours-range]");
      if (range) note(range);
      const row = event.target.closest("[data-hours-row]");
      if (row && event.target.matches("[data-hours-switch]")) offer(row);
      follow(list.closest("form"));
    });
    // A day may have been switched on before this script came.
    for (const row of rows()) if (!row.querySelector("[data-hours-switch]").defaultChecked) offer(row);
    list.addEventListener("rows-changed", () => follow(list.closest("form")));
    // Undo: rows that were added or removed here are no business of the browser's own reset.
    list.closest("form").addEventListener("reset", () => {
      list.innerHTML = saved;
      follow(list.closest("form"));
    });
  }
}

let waiting;
let asked = 0;

/** Show what the hours as they are typed come to: the week beside them, and the sessions outside. The server reckons. */
function follow(form) {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const mine = ++asked;
    const body = new FormData(form);
    body.append("preview", "1");
    const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
    if (!response?.ok || response.redirected || mine !== asked) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-follows-hours]")) {
      const now = page.getElementById(part.id);
      if (now && now.innerHTML !== part.innerHTML) part.innerHTML = now.innerHTML;
    }
  }, 400);
}

/** Ask for the days in the page's dialog, then replace their pairs with this day's. */
function copy(list, rows, from) {
  const dialog = document.querySelector("dialog[data-hours-days]");
  const boxes = [...dialog.querySelectorAll("input[type=checkbox]")];
  for (const box of boxes) {
    box.checked = false;
    box.disabled = box.value === from.dataset.prefix;
  }
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "copy") return;
    const model = pairs(from).map(values);
    for (const row of rows.filter((each) => boxes.some((box) => box.checked && box.value === each.dataset.prefix))) {
      for (const range of pairs(row)) range.remove();
      for (const pair of model) add(row, pair);
      row.querySelector("[data-hours-switch]").checked = from.querySelector("[data-hours-switch]").checked;
    }
    changed(list);
  }, { once: true });
}

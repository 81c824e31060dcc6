// Files of the next message: each row of the list that may go holds a field `uploads`. They wait in local storage.
import { store } from "./dom.js";

export class Files {
  /** `ready` is called when a file has come in, `ended` when one will not. */
  constructor(form, key, { ready, ended }) {
    this.form = form;
    this.key = key;
    this.rows = form.querySelector("[data-upload-list]");
    for (const file of JSON.parse(store.get(key) || "[]")) this.restore(file);
    form.addEventListener("upload-done", (event) => {
      event.preventDefault();
      const { id, name, row, status } = event.detail;
      if (status === "ready") this.add(row, { id, name });
      else row.dataset.late = ""; // the check takes longer than anyone waits for
      ready();
    });
    form.addEventListener("upload-ended", () => {
      ended();
      this.keep();
    });
  }

  add(row, { id, name }) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "uploads", value: id });
    field.dataset.name = name;
    row.append(field);
    row.querySelector("[data-part=cancel]").hidden = false;
    this.keep();
  }

  restore(file) {
    const row = this.form.querySelector("[data-upload-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-part=name]").textContent = file.name;
    row.querySelector("[data-part=detail]").textContent = this.form.dataset.sayReady;
    row.querySelector("[data-part=bar]").hidden = true;
    row.querySelector("[data-part=cancel]").addEventListener("click", () => {
      row.remove();
      this.keep();
      this.form.querySelector("textarea").focus();
    });
    this.rows.append(row);
    this.add(row, file);
  }

  /** Those that would go now: `{id, name}`. */
  chosen() {
    return this.fields().map((field) => ({ id: field.value, name: field.dataset.name }));
  }

  fields() {
    return [...this.rows.querySelectorAll("[name=uploads]")].filter((field) => field.type === "hidden" || field.checked);
  }

  /** Take those that would go off the list. */
  take() {
    const files = this.chosen();
    for (const field of this.fields()) field.closest("li").remove();
    this.keep();
    return files;
  }

  keep() {
    const fields = [...this.rows.querySelectorAll("[name=uploads][type=hidden]")];
    store.set(this.key, fields.length ? JSON.stringify(fields.map((field) => ({ id: field.value, name: field.dataset.name }))) : "");
    this.rows.hidden = !this.rows.children.length;
  }

  areOnTheirWay() {
    return [...this.rows.children].some((row) => row.querySelector("[data-part=error][hidden]") && !row.querySelector("[name=uploads]") && !("late" in row.dataset));
  }
}

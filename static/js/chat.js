// A conversation: messages appear when sent, new ones are asked for, drafts wait in local storage.
// A message's client id makes posting repeatable, so trying again can't say it twice.
import { api, clientId, fresh, say, store } from "./dom.js";

const ACTIVE = 4000;
const IDLE = 20000;
const SLOWEST = 60000;
const IDLE_AFTER = 60000;
const NEAR_END = 100;

export function attach(root) {
  for (const thread of fresh(root, "[data-chat]")) new Conversation(thread);
}

class Conversation {
  constructor(element) {
    const { thread, me, last } = element.dataset;
    this.element = element;
    this.me = me;
    this.url = `/api/chat/threads/${thread}/messages`;
    this.draftKey = `draft-${thread}`;
    this.filesKey = `files-${thread}`;
    this.last = last ?? "";
    this.log = element.querySelector("[data-chat-log]");
    this.list = element.querySelector("[data-chat-list]");
    this.form = element.querySelector("[data-chat-form]");
    this.box = this.form?.querySelector("textarea");
    this.more = element.querySelector("[data-chat-new]");
    this.known = new Set([...this.list.querySelectorAll("[data-message]")].map((row) => row.dataset.message));
    this.sent = new Set();
    this.missed = 0;
    this.errors = 0;
    this.toEnd();
    if (this.form) this.compose();
    this.listen();
  }

  template(name) {
    return this.element.querySelector(`template[data-chat-${name}]`).content.firstElementChild.cloneNode(true);
  }

  // Writing

  compose() {
    this.box.value ||= store.get(this.draftKey) ?? "";
    this.box.addEventListener("input", () => store.set(this.draftKey, this.box.value));
    this.box.addEventListener("keydown", (event) => {
      const touch = matchMedia("(pointer: coarse)").matches;
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.attachFiles();
  }

  submit() {
    const body = this.box.value.trim();
    const files = this.files();
    if (!body && !files.length && !this.uploading()) return;
    this.sendsLater(this.uploading());
    if (this.later) return;
    const message = { body, client_id: clientId() };
    if (files.length) message.uploads = files.map((file) => file.id);
    this.sent.add(message.client_id);
    this.send(message, this.draw(this.template("mine"), { body, uploads: files, created_at: new Date().toISOString() }));
    this.box.value = "";
    for (const file of files) file.row.remove();
    this.keepFiles();
    store.set(this.draftKey, "");
    this.box.focus();
  }

  // Files of the next message: each row of the list that may go holds a field `uploads`.

  attachFiles() {
    this.rows = this.form.querySelector("[data-upload-list]");
    for (const file of JSON.parse(store.get(this.filesKey) || "[]")) this.restore(file);
    this.form.addEventListener("upload-done", (event) => {
      event.preventDefault();
      const { id, name, row, status } = event.detail;
      if (status === "ready") this.addFile(row, { id, name });
      else row.dataset.late = ""; // the check takes longer than anyone waits for
      if (this.later && !this.uploading()) this.submit();
    });
    this.form.addEventListener("upload-ended", () => {
      this.sendsLater(false);
      this.keepFiles();
    });
  }

  addFile(row, { id, name }) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "uploads", value: id });
    field.dataset.name = name;
    row.append(field);
    row.querySelector("[data-part=cancel]").hidden = false;
    this.keepFiles();
  }

  restore(file) {
    const row = this.form.querySelector("[data-upload-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-part=name]").textContent = file.name;
    row.querySelector("[data-part=detail]").textContent = this.form.dataset.sayReady;
    row.querySelector("[data-part=bar]").hidden = true;
    row.querySelector("[data-part=cancel]").addEventListener("click", () => {
      row.remove();
      this.keepFiles();
      this.box.focus();
    });
    this.rows.append(row);
    this.addFile(row, file);
  }

  files() {
    const fields = [...this.rows.querySelectorAll("[name=uploads]")].filter((field) => field.type === "hidden" || field.checked);
    return fields.map((field) => ({ id: field.value, name: field.dataset.name, row: field.closest("li") }));
  }

  keepFiles() {
    const fields = [...this.rows.querySelectorAll("[name=uploads][type=hidden]")];
    store.set(this.filesKey, fields.length ? JSON.stringify(fields.map((field) => ({ id: field.value, name: field.dataset.name }))) : "");
    this.rows.hidden = !this.rows.children.length;
  }

  uploading() {
    return [...this.rows.children].some((row) => row.querySelector("[data-part=error][hidden]") && !row.querySelector("[name=uploads]") && !("late" in row.dataset));
  }

  /** A message whose files are still on their way goes by itself once they are there. */
  sendsLater(later) {
    this.later = later;
    this.form.querySelector("[type=submit]:not([formaction])").setAttribute("aria-busy", later);
  }

  async send(message, row) {
    const error = row.querySelector(".message__error");
    row.classList.add("message--sending");
    row.classList.remove("message--failed");
    row.removeAttribute("data-away");
    error.hidden = true;
    let answer;
    try {
      answer = await api(this.url, { method: "POST", body: message });
    } catch {
      answer = { status: 0, data: {} };
    }
    row.classList.remove("message--sending");
    if (answer.ok) {
      row.querySelector("[data-chat-state]").textContent = "";
      const double = this.list.querySelector(`[data-message="${answer.data.id}"]`);
      if (double && double !== row) double.remove();
      row.dataset.message = answer.data.id;
      this.known.add(answer.data.id);
      return;
    }
    row.classList.add("message--failed");
    const text = error.querySelector("[data-chat-error]");
    text.textContent = this.reason(answer, text.dataset);
    row.toggleAttribute("data-away", answer.status === 0);
    error.hidden = false;
    say(text.textContent);
    error.querySelector("[data-chat-again]").onclick = () => this.send(message, row);
    error.querySelector("[data-chat-delete]").onclick = () => {
      row.remove();
      this.box.focus();
    };
  }

  reason(answer, words) {
    if (answer.status === 429) return words.wait.replace("%n", answer.retryAfter);
    if (answer.status === 0 && !navigator.onLine) return words.away;
    return answer.data.detail ?? words.text;
  }

  // Reading

  draw(row, message) {
    const body = row.querySelector(".message__body");
    if (message.body) body.textContent = message.body;
    else body.remove();
    for (const upload of message.uploads ?? []) {
      const file = this.template("file");
      file.href = `/uploads/${upload.id}/`;
      file.querySelector("b").textContent = upload.name;
      row.querySelector(".message__meta").before(file);
    }
    const time = row.querySelector("time");
    time.dateTime = message.created_at;
    time.textContent = this.format(message.created_at, { hour: "2-digit", minute: "2-digit", hourCycle: this.element.dataset.hourCycle ?? "h23" });
    if (message.id) row.dataset.message = message.id;
    const near = this.isNearEnd();
    this.beginDay(message.created_at);
    this.list.append(row);
    if (near || row.classList.contains("message--mine")) this.toEnd();
    return row;
  }

  /** In words, as marketplace/common/formatting.py says them: plain English is written day before month. */
  format(moment, parts) {
    const { lang, dataset } = document.documentElement;
    return new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { ...parts, timeZone: dataset.zone || undefined }).format(new Date(moment));
  }

  isSameDay(one, other) {
    const parts = { year: "numeric", month: "numeric", day: "numeric" };
    return this.format(one, parts) === this.format(other, parts);
  }

  beginDay(moment) {
    const last = [...this.list.querySelectorAll(".messages__day time")].pop();
    if (last && this.isSameDay(last.dateTime, moment)) return;
    const day = this.template("day");
    const time = day.querySelector("time");
    time.dateTime = moment;
    time.textContent = this.format(moment, { weekday: "long", day: "numeric", month: "long" });
    this.list.append(day);
  }

  /** Put what was said before above what is shown, without moving it. */
  async showEarlier(link) {
    if (this.fetching) return;
    this.fetching = true;
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(`chat answered ${answer.status}`);
      this.prepend(link, new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      location.assign(link.href); // the page itself says what is wrong
    } finally {
      this.fetching = false;
    }
  }

  prepend(link, page) {
    const earlier = page.querySelector("[data-chat-list]");
    const next = page.querySelector("[data-chat-earlier]");
    const first = this.list.querySelector(".messages__day");
    const last = [...earlier.querySelectorAll(".messages__day time")].pop();
    const { scrollHeight, scrollTop } = this.log;
    this.log.setAttribute("aria-live", "off"); // nothing new was said
    if (first && last && this.isSameDay(last.dateTime, first.querySelector("time").dateTime)) first.remove();
    for (const row of earlier.querySelectorAll("[data-message]")) this.known.add(row.dataset.message);
    this.list.prepend(...earlier.children);
    if (next) link.setAttribute("href", next.getAttribute("href"));
    else link.parentElement.remove();
    this.log.scrollTop = scrollTop + this.log.scrollHeight - scrollHeight;
    requestAnimationFrame(() => this.log.removeAttribute("aria-live"));
  }

  isNearEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.atEnd = true;
    this.missed = 0;
    if (this.more) this.more.hidden = true;
  }

  listen() {
    this.touched = Date.now();
    for (const name of ["pointerdown", "keydown", "scroll", "focus"]) {
      addEventListener(name, () => { this.touched = Date.now(); }, { passive: true, capture: true });
    }
    this.more?.addEventListener("click", () => this.toEnd());
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => { if (this.atEnd) this.toEnd(); }).observe(this.log); // the message box grows and shrinks
    this.log.addEventListener("click", (event) => {
      const link = event.target.closest("[data-chat-earlier]");
      if (!link) return;
      event.preventDefault();
      this.showEarlier(link);
    });
    document.addEventListener("visibilitychange", () => this.plan(0));
    addEventListener("online", () => {
      for (const again of this.list.querySelectorAll("[data-away] [data-chat-again]")) again.click();
      this.plan(0);
    });
    this.plan();
  }

  scrolled() {
    this.atEnd = this.isNearEnd();
    if (this.missed && this.atEnd) this.toEnd();
    const link = this.log.querySelector("[data-chat-earlier]");
    if (link && this.log.scrollTop < NEAR_END) this.showEarlier(link);
  }

  plan(delay) {
    clearTimeout(this.timer);
    if (document.hidden || !this.element.isConnected) return;
    const pace = Date.now() - this.touched < IDLE_AFTER ? ACTIVE : IDLE;
    this.timer = setTimeout(() => this.poll(), delay ?? Math.min(SLOWEST, pace * 2 ** this.errors));
  }

  async poll() {
    try {
      const answer = await api(this.last ? `${this.url}?after=${this.last}` : this.url);
      if (!answer.ok) throw new Error(`chat answered ${answer.status}`);
      this.errors = 0;
      if (answer.data.next_cursor && this.last) {
        location.reload(); // more was said meanwhile than one answer holds
        return;
      }
      this.receive(answer.data.items ?? []);
    } catch {
      this.errors = Math.min(this.errors + 1, 4);
    }
    this.plan();
  }

  /** Items come newest first. */
  receive(items) {
    if (!items.length) return;
    this.last = items[0].id;
    const near = this.isNearEnd();
    // What was written on this page is drawn already and gets its id from its own answer; another tab's is new here.
    const arrived = items.filter((item) => !this.known.has(item.id) && !this.sent.has(item.client_id)).reverse();
    for (const item of items) this.known.add(item.id);
    for (const item of arrived) {
      const row = this.draw(this.template(item.author === this.me ? "mine" : "theirs"), item);
      row.classList.remove("message--sending");
      row.querySelector("[data-chat-state]")?.replaceChildren();
    }
    if (!arrived.length) return;
    this.missed = near ? 0 : this.missed + arrived.length;
    if (this.more) {
      this.more.hidden = !this.missed;
      this.more.textContent = (this.missed === 1 ? this.more.dataset.one : this.more.dataset.many).replace("%n", this.missed);
    }
  }
}

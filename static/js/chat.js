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
    this.last = last ?? "";
    this.log = element.querySelector("[data-chat-log]");
    this.list = element.querySelector("[data-chat-list]");
    this.form = element.querySelector("[data-chat-form]");
    this.box = this.form?.querySelector("textarea");
    this.more = element.querySelector("[data-chat-new]");
    this.known = new Set([...this.list.querySelectorAll("[data-message]")].map((row) => row.dataset.message));
    this.sent = new Set();
    this.files = [];
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
      const body = this.box.value.trim();
      if (!body && !this.files.length) return;
      const message = { body, client_id: clientId() };
      if (this.files.length) message.uploads = this.files.map((file) => file.id);
      this.sent.add(message.client_id);
      this.send(message, this.draw(this.template("mine"), { body, uploads: this.files, created_at: new Date().toISOString() }));
      this.box.value = "";
      for (const file of this.files) file.row.remove();
      this.files = [];
      store.set(this.draftKey, "");
      this.box.focus();
    });
    this.element.addEventListener("upload-done", (event) => {
      event.preventDefault();
      if (event.detail.status === "ready") this.files.push(event.detail);
    });
    for (const starter of this.element.querySelectorAll("[data-chat-starter]")) {
      starter.addEventListener("click", () => {
        this.box.value = starter.textContent.trim();
        this.box.dispatchEvent(new Event("input"));
        this.box.focus();
      });
    }
  }

  async send(message, row) {
    const error = row.querySelector(".message__error");
    row.classList.add("message--sending");
    row.classList.remove("message--failed");
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
    text.textContent = answer.status === 429 ? text.dataset.wait.replace("%n", answer.retryAfter) : (answer.data.detail ?? text.dataset.text);
    error.hidden = false;
    say(text.textContent);
    error.querySelector("[data-chat-again]").onclick = () => this.send(message, row);
    error.querySelector("[data-chat-delete]").onclick = () => {
      row.remove();
      this.box.focus();
    };
  }

  // Reading

  draw(row, message) {
    const body = row.querySelector(".message__body");
    if (message.body) body.textContent = message.body;
    else body.remove();
    for (const upload of message.uploads ?? []) {
      const file = this.template("file");
      file.href = `/api/uploads/${upload.id}/content`;
      file.querySelector("b").textContent = upload.name;
      row.querySelector(".message__meta").before(file);
    }
    const time = row.querySelector("time");
    time.dateTime = message.created_at;
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, {
      hour: "2-digit", minute: "2-digit", hourCycle: this.element.dataset.hourCycle ?? "h23", timeZone: document.documentElement.dataset.zone || undefined,
    }).format(new Date(message.created_at));
    if (message.id) row.dataset.message = message.id;
    const near = this.isNearEnd();
    this.element.querySelector("[data-chat-empty]")?.remove();
    this.list.append(row);
    if (near || row.classList.contains("message--mine")) this.toEnd();
    return row;
  }

  isNearEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.missed = 0;
    if (this.more) this.more.hidden = true;
  }

  listen() {
    this.touched = Date.now();
    for (const name of ["pointerdown", "keydown", "scroll", "focus"]) {
      addEventListener(name, () => { this.touched = Date.now(); }, { passive: true, capture: true });
    }
    this.more?.addEventListener("click", () => this.toEnd());
    this.log.addEventListener("scroll", () => { if (this.isNearEnd() && this.missed) this.toEnd(); }, { passive: true });
    document.addEventListener("visibilitychange", () => this.plan(0));
    addEventListener("online", () => this.plan(0));
    this.plan();
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

// A conversation: messages appear when sent, new ones are told by the stream, or asked for where there is none. Drafts and
// what could not be sent wait in local storage.
// A message's client id makes posting repeatable, so trying again can't say it twice.
import { Changes } from "./chat-changes.js";
import { Files } from "./chat-files.js";
import { Log } from "./chat-log.js";
import { api, clientId, fresh, say, store } from "./dom.js";
import { isLive } from "./live.js";
import { showAnew } from "./leaving.js";

const ACTIVE = 4000;
const IDLE = 20000;
const SLOWEST = 60000;
const IDLE_AFTER = 60000;

export function attach(root) {
  for (const thread of fresh(root, "[data-chat]")) new Conversation(thread);
}

class Conversation {
  constructor(element) {
    const { thread, me, last, state, reminds } = element.dataset;
    this.element = element;
    this.me = me;
    this.url = `/api/chat/threads/${thread}/messages`;
    this.draftKey = `draft-${thread}`;
    this.filesKey = `files-${thread}`;
    this.outKey = `out-${thread}`;
    this.last = last ?? "";
    this.state = state ?? "";
    this.reminds = reminds !== undefined;
    this.closed = state?.endsWith(".1");
    this.log = new Log(element);
    this.form = element.querySelector("[data-chat-form]");
    this.box = this.form?.querySelector("textarea");
    this.sent = new Set();
    this.errors = 0;
    this.changes = new Changes(this);
    if (this.form) this.compose();
    this.listen();
  }

  // Writing

  compose() {
    this.reminder = this.form.querySelector("[data-chat-reminder]");
    this.fault = this.form.querySelector("[data-chat-fault]");
    this.box.value ||= store.get(this.draftKey) ?? "";
    this.box.addEventListener("input", () => {
      if (!this.changes.editing) store.set(this.draftKey, this.box.value);
      this.reminder.hidden = true;
      this.fault.hidden = true;
    });
    this.box.addEventListener("keydown", (event) => {
      const touch = matchMedia("(pointer: coarse)").matches;
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch) {
        event.preventDefault();
        this.submit();
      }
      if (event.key === "Escape" && this.changes.editing) this.changes.stop();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter?.name === "send_anyway") this.anyway?.();
      else this.submit();
    });
    this.files = new Files(this.form, this.filesKey, {
      ready: () => this.sendWhatWaits(),
      ended: () => this.sendsLater(false),
    });
    for (const message of this.out()) this.post(message, message.uploads);
    const seen = [...this.reminder.querySelectorAll("li")];
    if (seen.length) this.anyway = () => this.submit(true); // the page came with the reminder
  }

  submit(anyway = false) {
    const body = this.box.value.trim();
    const files = this.files.chosen();
    const limit = Number(this.box.dataset.limit);
    if (limit && [...body.replace(/\n/g, "\r\n")].length > limit) {
      this.complain({ data: { detail: this.fault.dataset.long.replace("%n", [...body].length) } });
      return;
    }
    if (this.changes.editing) {
      this.changes.save(body);
      return;
    }
    if (!body && !files.length && !this.files.areOnTheirWay()) return;
    this.sendsLater(this.files.areOnTheirWay());
    if (this.later) return;
    this.reminder.hidden = true;
    const message = { body, client_id: clientId(), uploads: this.files.take() };
    if (this.reminds && !anyway) message.remind = true;
    this.box.value = "";
    store.set(this.draftKey, "");
    this.post(message);
    this.box.focus();
  }

  /** A message whose files are still on their way goes by itself once they are there. */
  sendsLater(later) {
    this.later = later;
    this.form.querySelector("[data-testid=send-message]").setAttribute("aria-busy", later);
  }

  /** Not while another message is being edited: the box holds that one then. */
  sendWhatWaits() {
    if (this.later && !this.changes.editing && !this.files.areOnTheirWay()) this.submit();
  }

  /** Messages that the server has not taken yet; they outlive the page. */
  out() {
    return JSON.parse(store.get(this.outKey) || "[]");
  }

  keepOut(message, keep) {
    const others = this.out().filter((each) => each.client_id !== message.client_id);
    if (keep) others.push(message);
    store.set(this.outKey, others.length ? JSON.stringify(others) : "");
  }

  post(message) {
    this.sent.add(message.client_id);
    this.keepOut(message, true);
    this.send(message, this.log.add({ ...message, created_at: new Date().toISOString() }, true));
  }

  async send(message, row) {
    const error = row.querySelector(".message__error");
    row.classList.add("message--sending");
    row.classList.remove("message--failed");
    row.removeAttribute("data-away");
    error.hidden = true;
    let answer;
    try {
      answer = await api(this.url, { method: "POST", body: { ...message, uploads: message.uploads.map((file) => file.id) } });
    } catch {
      answer = { status: 0, data: {} };
    }
    row.classList.remove("message--sending");
    if (answer.ok) {
      this.keepOut(message, false);
      if (this.log.row(answer.data.id)) { // it came in by another way meanwhile
        row.remove();
        return;
      }
      this.log.sent(row, answer.data);
      this.log.fill(row, answer.data);
    } else if (answer.data.contact_details && !this.changes.editing) this.takeBack(message, row, answer.data.contact_details);
    else this.fail(message, row, answer);
  }

  fail(message, row, answer) {
    const error = row.querySelector(".message__error");
    const text = error.querySelector("[data-chat-error]");
    row.classList.add("message--failed");
    text.textContent = this.reason(answer, text.dataset);
    row.toggleAttribute("data-away", answer.status === 0);
    error.hidden = false;
    say(text.textContent);
    error.querySelector("[data-chat-again]").onclick = () => this.send(message, row);
    error.querySelector("[data-chat-delete]").onclick = () => {
      this.keepOut(message, false);
      row.remove();
      this.box.focus();
    };
  }

  reason(answer, words) {
    if (answer.status === 429) return words.wait.replace("%n", answer.retryAfter);
    if (answer.status === 0) return navigator.onLine ? words.text : words.away;
    return answer.data.errors?.[0]?.message ?? answer.data.detail ?? words.text;
  }

  /** Not sent: back into the box, before what was typed meanwhile, with what was seen in it above. */
  takeBack(message, row, details) {
    row.remove();
    this.keepOut(message, false);
    this.sent.delete(message.client_id);
    this.box.value = [message.body, this.box.value].filter(Boolean).join("\n");
    store.set(this.draftKey, this.box.value);
    for (const file of message.uploads) this.files.restore(file);
    this.remind(details, () => this.submit(true));
  }

  remind(details, anyway) {
    this.anyway = () => {
      this.reminder.hidden = true;
      anyway();
    };
    const lines = details.map(({ sentence }) => Object.assign(document.createElement("li"), { textContent: sentence }));
    this.reminder.querySelector("ul").replaceChildren(...lines);
    this.reminder.hidden = false;
    this.reminder.focus();
  }

  complain(answer) {
    const words = this.element.querySelector("template[data-chat-mine]").content.querySelector("[data-chat-error]").dataset;
    const text = this.reason(answer, words);
    say(text);
    if (!this.fault) return;
    this.fault.textContent = text;
    this.fault.hidden = false;
  }

  // Reading

  listen() {
    this.touched = Date.now();
    for (const name of ["pointerdown", "keydown", "scroll", "focus"]) {
      addEventListener(name, () => { this.touched = Date.now(); }, { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => this.plan(0));
    addEventListener("online", () => {
      for (const again of this.log.list.querySelectorAll("[data-away] [data-chat-again]")) again.click();
      this.plan(0);
    });
    document.addEventListener("live-open", () => this.plan(0));
    document.addEventListener("live", ({ detail: { kind, data } }) => {
      if (kind === "closed" || (["message", "read"].includes(kind) && data.thread === this.element.dataset.thread)) this.plan(0);
    });
    this.plan();
  }

  /** Ask again in a while; only where news don't come by themselves. */
  plan(delay) {
    if (this.asking) { // what is told meanwhile may be missing in the answer: ask again after it
      this.again ||= delay !== undefined;
      return;
    }
    clearTimeout(this.timer);
    if (document.hidden || !this.element.isConnected || (isLive() && delay === undefined && !this.errors)) return;
    const pace = Date.now() - this.touched < IDLE_AFTER ? ACTIVE : IDLE;
    this.timer = setTimeout(() => this.poll(), delay ?? Math.min(SLOWEST, pace * 2 ** this.errors));
  }

  async poll() {
    this.asking = true;
    this.again = false;
    try {
      const answer = await api(this.last ? `${this.url}?after=${this.last}&state=${this.state}` : this.url);
      if (!answer.ok) throw new Error(`chat answered ${answer.status}`);
      this.errors = 0;
      if (answer.status !== 204) this.receive(answer.data);
    } catch {
      this.errors = Math.min(this.errors + 1, 4);
    }
    this.asking = false;
    this.plan(this.again ? 0 : undefined);
  }

  /** Items come newest first. */
  receive({ items, next_cursor: more, changed, seen, closed, state }) {
    if ((more && this.last) || closed !== this.closed) {
      showAnew(); // more was said than one answer holds, or nobody can write any more; drafts are kept
      return;
    }
    this.state = state;
    for (const item of changed) this.change(item);
    if (items.length) this.last = items[0].id;
    const near = this.log.isNearEnd();
    // What was written on this page is drawn already and gets its id from its own answer; another tab's is new here.
    const arrived = items.filter((item) => !this.log.known.has(item.id) && !this.sent.has(item.client_id)).reverse();
    for (const item of arrived) this.log.add(item, item.author === this.me);
    this.log.markSeen(seen);
    if (arrived.length && !near) this.log.miss(arrived.length);
  }

  change(item) {
    const row = this.log.row(item.id);
    if (row) this.log.fill(row, item);
  }
}

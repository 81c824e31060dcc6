// What a conversation shows: rows of messages, days between them, what was read; and where it is scrolled to.

const NEAR_END = 100;

export class Log {
  constructor(element) {
    this.element = element;
    this.box = element.querySelector("[data-chat-log]");
    this.list = element.querySelector("[data-chat-list]");
    this.more = element.querySelector("[data-chat-new]");
    this.known = new Set([...this.list.querySelectorAll("[data-message]")].map((row) => row.dataset.message));
    this.missed = 0;
    const wanted = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
    if (wanted) wanted.scrollIntoView({ block: "center" });
    else this.toEnd();
    this.more?.addEventListener("click", () => this.toEnd());
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => { if (this.atEnd) this.toEnd(); }).observe(this.box); // the message box grows and shrinks
    this.box.addEventListener("load", () => { if (this.atEnd) this.toEnd(); }, true); // a picture came in
    this.box.addEventListener("click", (event) => {
      const link = event.target.closest("[data-chat-earlier]");
      if (!link) return;
      event.preventDefault();
      this.showEarlier(link);
    });
  }

  template(name) {
    return this.element.querySelector(`template[data-chat-${name}]`).content.firstElementChild.cloneNode(true);
  }

  row(id) {
    return this.list.querySelector(`[data-message="${id}"]`);
  }

  /** Put a message at the end. Without an id it is one's own and on its way. */
  add(message, mine) {
    const row = this.template(mine ? "mine" : "theirs");
    if (message.id) this.sent(row, message);
    this.fill(row, message);
    const near = this.isNearEnd();
    this.beginDay(message.created_at);
    this.list.append(row);
    if (near || mine) this.toEnd();
    return row;
  }

  fill(row, message) {
    for (const old of row.querySelectorAll(".message__file, .message__picture")) old.remove();
    const meta = row.querySelector(".message__meta");
    const body = this.template("body");
    row.querySelector(".message__body")?.remove();
    body.classList.toggle("message__body--deleted", Boolean(message.deleted));
    if (message.deleted) body.textContent = body.dataset.deleted;
    else body.textContent = message.body;
    if (body.textContent) meta.before(body);
    for (const upload of message.uploads ?? []) meta.before(this.file(upload));
    const time = meta.querySelector("time");
    time.dateTime = message.created_at;
    time.textContent = this.format(message.created_at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    row.querySelector("[data-chat-edited]").textContent = message.edited_at && !message.deleted ? ` · ${this.list.dataset.edited}` : "";
    if (message.deleted) row.querySelector("[data-chat-menu]")?.remove();
  }

  file({ id, name, preview }) {
    const file = this.template(preview ? "picture" : "file");
    file.href = `/uploads/${id}/`;
    if (preview) Object.assign(file.querySelector("img"), { src: preview.url, width: preview.width, height: preview.height, alt: name });
    else file.querySelector("b").textContent = name;
    return file;
  }

  /** The server has it: now it has an id, and can be edited and deleted. */
  sent(row, { id, number }) {
    row.classList.remove("message--sending");
    row.querySelector("[data-chat-state]")?.replaceChildren();
    Object.assign(row.dataset, { message: id, number });
    row.id = `message-${id}`;
    this.known.add(id);
    const menu = row.querySelector("[data-chat-menu]");
    if (!menu) return;
    menu.hidden = false;
    for (const link of menu.querySelectorAll("a")) link.setAttribute("href", link.dataset.to.replace("%id", id));
  }

  /** "Read" stands at the last of one's own that the other person has seen. */
  markSeen(seen) {
    const mine = [...this.list.querySelectorAll(".message--mine[data-number]")];
    const last = mine.filter((row) => Number(row.dataset.number) <= seen).pop();
    for (const row of mine) row.querySelector("[data-chat-read]").textContent = row === last ? ` · ${this.list.dataset.read}` : "";
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
    const { scrollHeight, scrollTop } = this.box;
    this.box.setAttribute("aria-live", "off"); // nothing new was said
    if (first && last && this.isSameDay(last.dateTime, first.querySelector("time").dateTime)) first.remove();
    // "Read" stands once, at the latest.
    for (const read of earlier.querySelectorAll("[data-chat-read]")) read.textContent = "";
    for (const row of earlier.querySelectorAll("[data-message]")) this.known.add(row.dataset.message);
    this.list.prepend(...earlier.children);
    if (next) link.setAttribute("href", next.getAttribute("href"));
    else link.parentElement.remove();
    this.box.scrollTop = scrollTop + this.box.scrollHeight - scrollHeight;
    requestAnimationFrame(() => this.box.removeAttribute("aria-live"));
  }

  isNearEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_END;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.atEnd = true;
    this.missed = 0;
    if (this.more) this.more.hidden = true;
  }

  scrolled() {
    this.atEnd = this.isNearEnd();
    if (this.missed && this.atEnd) this.toEnd();
    const link = this.box.querySelector("[data-chat-earlier]");
    if (link && this.box.scrollTop < NEAR_END) this.showEarlier(link);
  }

  /** Say how many came in below what is shown. */
  miss(count) {
    this.missed += count;
    if (!this.more) return;
    this.more.hidden = !this.missed;
    this.more.textContent = (this.missed === 1 ? this.more.dataset.one : this.more.dataset.many).replace("%n", this.missed);
  }
}

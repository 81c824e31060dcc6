// A message of one's own, edited in the message box or deleted after a question. Without script both are pages.
import { api, say } from "./dom.js";

export class Changes {
  constructor(conversation) {
    this.conversation = conversation;
    this.log = conversation.log;
    this.dialog = conversation.element.querySelector("[data-chat-confirm]");
    this.bar = conversation.form?.querySelector("[data-chat-editing]");
    this.log.list.addEventListener("click", (event) => this.clicked(event));
    addEventListener("click", (event) => this.closeMenus(event.target));
    this.dialog?.addEventListener("close", () => {
      if (this.dialog.returnValue === "delete") this.remove();
    });
    this.bar?.querySelector("button").addEventListener("click", () => this.stop());
  }

  clicked(event) {
    const link = event.target.closest("[data-chat-edit], [data-chat-remove]");
    if (!link) return;
    const row = link.closest("[data-message]");
    if (link.matches("[data-chat-edit]")) {
      if (!this.conversation.form) return;
      event.preventDefault();
      this.start(row);
    } else {
      event.preventDefault();
      this.row = row;
      this.dialog.returnValue = "";
      this.dialog.showModal();
    }
    this.closeMenus();
  }

  closeMenus(target) {
    for (const menu of this.log.list.querySelectorAll("[data-chat-menu][open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
  }

  start(row) {
    const { box } = this.conversation;
    this.kept ??= box.value; // what was being written comes back afterwards
    this.editing = row;
    this.bar.hidden = false;
    box.value = row.querySelector(".message__body")?.textContent ?? "";
    box.focus();
  }

  stop() {
    const { box } = this.conversation;
    this.editing = null;
    this.bar.hidden = true;
    this.conversation.reminder.hidden = true; // of the text that was edited
    box.value = this.kept ?? "";
    this.kept = null;
    box.focus();
    this.conversation.sendWhatWaits();
  }

  async save(body, anyway = false) {
    const row = this.editing;
    const { box } = this.conversation;
    const message = { body };
    if (this.conversation.reminds && !anyway) message.remind = true;
    const answer = await this.ask(row, "PUT", message);
    // They may have gone on meanwhile: with this text, with another message, or with what they wrote before.
    const isHere = this.editing === row;
    if (answer.ok) {
      this.log.fill(row, answer.data);
      if (isHere && box.value.trim() === body) this.stop();
    } else if (answer.data.contact_details && isHere) {
      this.conversation.remind(answer.data.contact_details, () => this.save(box.value.trim(), true));
    } else this.conversation.complain(answer);
  }

  async remove() {
    const answer = await this.ask(this.row, "DELETE");
    if (!answer.ok) {
      this.conversation.complain(answer);
      return;
    }
    if (this.editing === this.row) this.stop();
    this.log.fill(this.row, answer.data);
    say(this.row.querySelector(".message__body").textContent);
    (this.conversation.box ?? this.log.box).focus();
  }

  async ask(row, method, body) {
    try {
      return await api(`${this.conversation.url}/${row.dataset.message}`, { method, body });
    } catch {
      return { status: 0, data: {} };
    }
  }
}

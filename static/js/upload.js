// Files go from the browser straight to storage: check here, have it signed, send with progress, have it confirmed.
// Three tries more on network trouble or 5xx (after 1, 3, 9 s); a 403 from storage asks for one new signature.
import { api, fresh, wait } from "./dom.js";
import { showAnew } from "./leaving.js";

const PAUSES = [1000, 3000, 9000];
const POLL = 2000;
const POLLS = 60;

const onTheirWay = new Set(); // of all areas of the page

class Refused extends Error {}
class Cancelled extends Error {}

export function attach(root) {
  for (const area of fresh(root, "[data-upload]")) new Area(area);
}

class Area {
  constructor(element) {
    this.element = element;
    this.words = element.dataset;
    this.list = element.querySelector("[data-upload-list]");
    this.drop = element.querySelector("[data-upload-drop]");
    this.status = element.querySelector("[data-upload-status]");
    const input = element.querySelector("[data-upload-input]");
    input.addEventListener("change", () => {
      this.take(input.files, input.multiple);
      input.value = "";
    });
    for (const name of ["dragenter", "dragover"]) this.drop.addEventListener(name, (event) => this.over(event, true));
    for (const name of ["dragleave", "drop"]) this.drop.addEventListener(name, (event) => this.over(event, false));
    this.drop.addEventListener("drop", (event) => this.take(event.dataTransfer.files, input.multiple));
    element.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) this.take(event.clipboardData.files, input.multiple);
    });
    addEventListener("beforeunload", (event) => {
      if (onTheirWay.size) event.preventDefault();
    });
  }

  over(event, isOver) {
    event.preventDefault();
    this.drop.classList.toggle("drop--over", isOver);
  }

  take(files, multiple) {
    for (const file of multiple ? [...files] : [...files].slice(0, 1)) new Item(this, file).start();
  }

  say(text) {
    this.status.textContent = text;
  }
}

class Item {
  constructor(area, file) {
    this.area = area;
    this.file = file;
    this.words = area.words;
    this.row = area.element.querySelector("[data-upload-template]").content.firstElementChild.cloneNode(true);
    this.part("name").textContent = file.name;
    this.part("bar").setAttribute("aria-label", file.name);
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.part("again").addEventListener("click", () => this.start());
    area.list.append(this.row);
    area.list.hidden = false;
  }

  part(name) {
    return this.row.querySelector(`[data-part=${name}]`);
  }

  async start() {
    this.cancelled = false;
    this.percent = this.sent ? 100 : 0;
    this.part("error").hidden = true;
    this.part("again").hidden = true;
    this.part("icon").classList.remove("upload__icon--bad");
    const fault = this.check();
    if (fault) {
      this.fail(fault, false);
      return;
    }
    onTheirWay.add(this);
    this.show(this.words.sayUploading);
    this.area.say(`${this.words.sayUploading} ${this.file.name}`);
    try {
      this.sent ??= await this.transfer(); // once more only where it did not get there
      onTheirWay.delete(this);
      this.part("bar").hidden = true;
      this.part("percent").textContent = "";
      this.part("cancel").hidden = true;
      this.show(this.words.sayChecking);
      this.done(await this.settle(this.sent), this.sent);
    } catch (error) {
      onTheirWay.delete(this);
      if (error instanceof Cancelled) return;
      if (error instanceof Refused) this.fail(error.message, false);
      else this.fail(this.words.sayStopped.replace("%n", this.percent), true);
    }
  }

  check() {
    if (this.area.list.children.length > (Number(this.words.maxFiles) || Infinity)) return this.words.sayMany;
    if (this.file.size === 0) return this.words.sayEmpty;
    if (this.file.size > Number(this.words.maxBytes)) return this.words.saySize;
    return this.words.accept.split(",").includes(this.file.type) ? "" : this.words.sayType;
  }

  async sign() {
    const { purpose, kind, subject, bookingId } = this.words;
    const body = { purpose, name: this.file.name, content_type: this.file.type, size: this.file.size };
    if (kind) body.kind = kind;
    if (subject) body.subject = subject;
    if (bookingId) body.booking_id = bookingId;
    return this.ask("/api/uploads", { method: "POST", body });
  }

  /** Ask one of our routes with the same patience as storage; a refusal is final and carries its sentence. */
  async ask(path, options) {
    for (const pause of [...PAUSES, null]) {
      if (this.cancelled) throw new Cancelled();
      let answer;
      try { answer = await api(path, options); } catch { answer = { status: 0 }; }
      if (answer.ok) return answer.data;
      if (answer.status === 429) throw new Refused(answer.data.detail ?? this.words.sayLimit);
      if (answer.status >= 400 && answer.status < 500) throw new Refused(answer.data.detail ?? this.words.sayRefused);
      if (pause === null) break;
      await wait(pause);
    }
    throw new Error("no answer");
  }

  async transfer() {
    let signed = await this.sign();
    let resigned = false;
    let tries = 0;
    for (;;) {
      if (this.cancelled) throw new Cancelled();
      const status = await this.send(signed.upload);
      if (status >= 200 && status < 300) break;
      if (status === 403 && !resigned) {
        resigned = true;
        signed = await this.sign();
      } else if ((status === 0 || status >= 500) && tries < PAUSES.length) {
        await wait(PAUSES[tries]);
        tries += 1;
      } else {
        throw new Error(`storage answered ${status}`);
      }
    }
    await this.ask(`/api/uploads/${signed.id}/complete`, { method: "POST" });
    return signed.id;
  }

  /** Post to storage. Resolves to the status, 0 for a broken connection. XHR, because fetch tells no progress. */
  send({ url, fields }) {
    return new Promise((resolve, reject) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", this.file);
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("POST", url);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) this.progress(Math.floor((100 * event.loaded) / event.total));
      });
      request.addEventListener("load", () => resolve(request.status));
      request.addEventListener("error", () => resolve(0));
      request.addEventListener("timeout", () => resolve(0));
      request.addEventListener("abort", () => reject(new Cancelled()));
      request.send(form);
    });
  }

  /** Wait for the checks of the server: ready, refused, or (after two minutes) still at it. */
  async settle(id) {
    let answer = { status: "checking" };
    for (let i = 0; i < POLLS && answer.status === "checking"; i += 1) {
      await wait(i < 5 ? POLL / 2 : POLL);
      answer = await this.ask(`/api/uploads/${id}`);
    }
    return answer;
  }

  done(answer, id) {
    if (answer.status === "refused") {
      this.fail(answer.detail ?? this.words.sayRefused, false);
      return;
    }
    const text = answer.status === "ready" ? this.words.sayReady : this.words.sayChecking;
    this.show(text);
    this.area.say(`${this.file.name}: ${text}`);
    this.part("icon").classList.add("upload__icon--ok");
    const detail = { id, name: this.file.name, row: this.row, status: answer.status };
    const ours = this.area.element.dispatchEvent(new CustomEvent("upload-done", { bubbles: true, cancelable: true, detail }));
    if (ours && this.words.done === "reload" && !onTheirWay.size) showAnew();
  }

  progress(percent) {
    this.percent = percent;
    this.part("bar").value = percent;
    this.part("percent").textContent = `${percent}%`;
  }

  show(text) {
    this.part("detail").textContent = text;
    this.part("bar").hidden = text !== this.words.sayUploading;
  }

  fail(text, again) {
    this.show("");
    this.part("error").textContent = text;
    this.part("error").hidden = false;
    this.part("again").hidden = !again;
    this.part("cancel").hidden = false;
    this.part("percent").textContent = "";
    this.part("icon").classList.add("upload__icon--bad");
    this.area.say(`${this.file.name}: ${text}`);
    this.end();
  }

  cancel() {
    this.cancelled = true;
    this.request?.abort();
    onTheirWay.delete(this);
    this.row.remove();
    this.area.list.hidden = !this.area.list.children.length;
    this.area.element.querySelector("[data-upload-input]").focus();
    this.end();
  }

  /** Tell the page that nothing more comes of this file. */
  end() {
    this.area.element.dispatchEvent(new CustomEvent("upload-ended", { bubbles: true }));
  }
}

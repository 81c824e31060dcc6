/* A stand-in for Stripe.js, served by the payment sandbox: the Payment Element and what confirms a payment.
   Card fields live in a frame on the sandbox's own origin, so the page around them never sees a card.
   Nothing here needs more of the page's content-security policy than script, frame and connect to this origin. */
(() => {
  "use strict";

  const script = document.currentScript || document.querySelector('script[src*="/v3/stripe.js"], script[src$="/v3/"]');
  const ORIGIN = new URL(script.src).origin;

  class IntegrationError extends Error {
    constructor(message) {
      super(message);
      this.name = "IntegrationError";
    }
  }

  const SECRET = /^(pi_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/;

  const intentOf = (clientSecret) => {
    const match = SECRET.exec(clientSecret || "");
    if (!match) {
      throw new IntegrationError("Invalid value: clientSecret should be a client secret of the form ${id}_secret_${secret}.");
    }
    return match[1];
  };

  // How often a bank that asks in its own app is asked whether it is done.
  const LOOK_MILLISECONDS = 1500;

  // What the script says where the API speaks to programmers.
  const SAID = {
    payment_intent_authentication_failure:
      "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
  };

  const failure = () => ({
    type: "api_connection_error",
    message: "We are experiencing issues connecting to our payments provider. Please check your internet connection and try again.",
  });

  /** Mirrors events of one element: on, once, off. */
  class Emitter {
    #listeners = new Map();

    on(name, listener) {
      this.#listeners.set(name, [...(this.#listeners.get(name) || []), listener]);
      return this;
    }

    once(name, listener) {
      const wrapped = (event) => {
        this.off(name, wrapped);
        listener(event);
      };
      return this.on(name, wrapped);
    }

    off(name, listener) {
      const kept = listener ? (this.#listeners.get(name) || []).filter((one) => one !== listener) : [];
      this.#listeners.set(name, kept);
      return this;
    }

    emit(name, event) {
      for (const listener of this.#listeners.get(name) || []) listener(event);
    }
  }

  class PaymentElement extends Emitter {
    #elements;
    #options;
    #frame = null;
    #port = null;
    #opened = null;
    #waiting = new Map();
    #questions = 0;

    constructor(elements, options) {
      super();
      this.#elements = elements;
      this.#options = options || {};
    }

    mount(target) {
      const place = typeof target === "string" ? document.querySelector(target) : target;
      if (!place) throw new IntegrationError(`The selector you specified (${target}) applies to no DOM elements that are currently on the page.`);
      if (this.#frame) this.unmount();
      const frame = document.createElement("iframe");
      frame.title = "Secure payment input frame";
      frame.name = `__privateStripeFrame${Math.floor(Math.random() * 1e6)}`;
      frame.src = `${ORIGIN}/v3/frame`;
      frame.allow = "payment *";
      const look = { border: "0", display: "block", width: "100%", height: "230px", colorScheme: schemeOf(this.#elements.appearance) };
      Object.assign(frame.style, look);
      this.emit("loaderstart", { elementType: "payment" });
      this.#opened = new Promise((resolve) => {
        frame.addEventListener("load", () => {
          const channel = new MessageChannel();
          this.#port = channel.port1;
          this.#port.onmessage = (event) => this.#heard(event.data);
          frame.contentWindow.postMessage({ type: "init", ...this.#settings() }, ORIGIN, [channel.port2]);
          resolve();
        });
      });
      this.#frame = frame;
      place.replaceChildren(frame);
    }

    #settings() {
      const { appearance, clientSecret, fonts, locale, key } = this.#elements;
      return { appearance, clientSecret, fonts, locale, key, options: this.#options };
    }

    #heard(message) {
      const about = { elementType: "payment" };
      switch (message.type) {
        case "answer":
          this.#waiting.get(message.id)?.(message.result);
          this.#waiting.delete(message.id);
          break;
        case "height":
          if (this.#frame) this.#frame.style.height = `${message.height}px`;
          break;
        case "change":
          this.emit("change", { ...about, collapsed: false, empty: message.empty, complete: message.complete, value: { type: "card" } });
          break;
        case "enter":
          this.#frame?.closest("form")?.requestSubmit();
          break;
        case "loaderror":
          this.emit("loaderror", { ...about, error: message.error });
          break;
        default:
          this.emit(message.type, about); // ready, focus, blur, escape
      }
    }

    /** Asks the frame to do something and waits for its answer. */
    async ask(type, details = {}) {
      if (!this.#frame) {
        throw new IntegrationError("Invalid value for elements: it needs a mounted Payment Element.");
      }
      await this.#opened;
      const id = ++this.#questions;
      return new Promise((resolve) => {
        this.#waiting.set(id, resolve);
        this.#port.postMessage({ type, id, ...details });
      });
    }

    tell(type, details = {}) {
      this.#opened?.then(() => this.#port.postMessage({ type, ...details }));
    }

    restyle() {
      if (this.#frame) this.#frame.style.colorScheme = schemeOf(this.#elements.appearance);
      this.tell("appearance", { appearance: this.#elements.appearance });
    }

    update(options) {
      this.#options = { ...this.#options, ...options };
      this.tell("options", { options: this.#options });
      return this;
    }

    focus() {
      this.#frame?.focus();
      this.tell("focus");
    }

    blur() {
      this.tell("blur");
    }

    clear() {
      this.tell("clear");
    }

    collapse() {}

    unmount() {
      this.#port?.close();
      this.#frame?.remove();
      this.#frame = this.#port = this.#opened = null;
    }

    destroy() {
      this.unmount();
      this.#elements.forget(this);
    }
  }

  /** The frame must say the same as the page, or browsers paint an opaque ground behind it. */
  const schemeOf = (appearance) => {
    const ground = appearance?.variables?.colorBackground;
    if (!ground) return appearance?.theme === "night" ? "dark" : "light";
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
  };

  class Elements {
    #element = null;

    constructor(key, options = {}) {
      if (options.clientSecret) intentOf(options.clientSecret);
      else if (!options.mode) throw new IntegrationError("In order to create a payment element, you must pass a clientSecret or mode when creating the Elements group.");
      this.key = key;
      this.clientSecret = options.clientSecret || null;
      this.appearance = options.appearance || {};
      this.fonts = options.fonts || [];
      this.locale = options.locale || "auto";
    }

    create(type, options) {
      if (type !== "payment") throw new IntegrationError(`The payment sandbox covers the payment element only, not ${type}.`);
      if (this.#element) throw new IntegrationError("Can only create one Element of type payment.");
      this.#element = new PaymentElement(this, options);
      return this.#element;
    }

    getElement(type) {
      return !type || type === "payment" || type === PaymentElement ? this.#element : null;
    }

    forget(element) {
      if (this.#element === element) this.#element = null;
    }

    update(options) {
      if (options.appearance) this.appearance = options.appearance;
      if (options.locale) this.locale = options.locale;
      this.#element?.restyle();
    }

    async fetchUpdates() {
      return {};
    }

    async submit() {
      if (!this.#element) throw new IntegrationError("elements.submit() needs a mounted Payment Element.");
      const error = await this.#element.ask("submit");
      return error ? { error } : { selectedPaymentMethod: "card" };
    }
  }

  /** Opens the bank's step over the page and waits until it ends, there or elsewhere (``isOver``); closing it means no. */
  const showBank = (address, isOver) =>
    new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      const frame = document.createElement("iframe");
      const close = document.createElement("button");
      dialog.setAttribute("aria-label", "Bank authentication");
      Object.assign(dialog.style, {
        border: "0", borderRadius: "12px", padding: "0", width: "min(28rem, 92vw)", maxWidth: "92vw", overflow: "hidden",
        boxShadow: "0 20px 60px rgb(0 0 0 / 0.35)", colorScheme: "light dark", position: "fixed", margin: "auto",
      });
      frame.title = "Bank authentication frame";
      frame.src = address;
      Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "23rem" });
      close.type = "button";
      close.textContent = "Close";
      close.setAttribute("aria-label", "Cancel authentication");
      Object.assign(close.style, {
        position: "absolute", top: "8px", insetInlineEnd: "8px", minHeight: "32px", padding: "4px 12px", font: "14px system-ui, sans-serif",
        cursor: "pointer", color: "CanvasText", background: "Canvas", border: "1px solid GrayText", borderRadius: "8px",
      });

      const end = (finished) => {
        clearInterval(watch);
        window.removeEventListener("message", heard);
        dialog.close();
        dialog.remove();
        resolve(finished);
      };
      const heard = (event) => {
        if (event.origin !== ORIGIN || event.source !== frame.contentWindow) return;
        if (event.data?.type === "bank-done") end(true);
        if (event.data?.type === "bank-cancelled") end(false);
      };
      const watch = setInterval(async () => (await isOver()) && dialog.open && end(true), LOOK_MILLISECONDS);
      window.addEventListener("message", heard);
      close.addEventListener("click", () => end(false));
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        end(false);
      });
      dialog.append(frame, close);
      document.body.append(dialog);
      dialog.showModal();
    });

  class StripeStandIn {
    #key;
    _apiOrigin = ORIGIN;

    constructor(key) {
      if (typeof key !== "string" || !key.startsWith("pk_")) {
        throw new IntegrationError("Please call Stripe() with your publishable key. You used an empty string or a secret key.");
      }
      this.#key = key;
    }

    elements(options) {
      return new Elements(this.#key, options);
    }

    registerAppInfo() {}

    async retrievePaymentIntent(clientSecret) {
      const id = intentOf(clientSecret);
      try {
        const answer = await fetch(`${ORIGIN}/v1/payment_intents/${id}?client_secret=${encodeURIComponent(clientSecret)}`, {
          headers: { Authorization: `Bearer ${this.#key}` },
        });
        const body = await answer.json();
        return answer.ok ? { paymentIntent: body } : { error: body.error };
      } catch {
        return { error: failure() };
      }
    }

    async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" } = {}) {
      const secret = clientSecret || elements?.clientSecret;
      const id = intentOf(secret);
      const element = elements?.getElement("payment");
      if (!element) throw new IntegrationError("stripe.confirmPayment() needs elements with a mounted Payment Element.");
      if (redirect !== "if_required" && !confirmParams.return_url) {
        throw new IntegrationError("You must provide confirmParams.return_url when redirect is not 'if_required'.");
      }
      const asked = await element.ask("confirm", { id_: id, secret, confirmParams });
      const result = asked.paymentIntent ? await this.#finish(asked.paymentIntent, secret) : asked;
      if (result.paymentIntent && redirect !== "if_required") {
        leave(confirmParams.return_url, result.paymentIntent, secret);
        return new Promise(() => {}); // the page is going away
      }
      return result;
    }

    async confirmCardPayment(clientSecret, data = {}) {
      if (data.payment_method) throw new IntegrationError("The payment sandbox covers confirmPayment with the Payment Element.");
      return this.handleNextAction({ clientSecret });
    }

    async handleNextAction({ clientSecret }) {
      const found = await this.retrievePaymentIntent(clientSecret);
      return found.paymentIntent ? this.#finish(found.paymentIntent, clientSecret) : found;
    }

    /** Goes through the bank's step, if there is one, and says how the intent stands after it. */
    async #finish(intent, secret) {
      if (intent.status !== "requires_action") return { paymentIntent: intent };
      const action = intent.next_action;
      const address = action.use_stripe_sdk?.stripe_js || action.redirect_to_url?.url;
      if (new URL(address).origin !== ORIGIN) throw new IntegrationError("The bank's page is not the sandbox's.");
      const isOver = async () => ((await this.retrievePaymentIntent(secret)).paymentIntent?.status ?? "requires_action") !== "requires_action";
      if (!(await showBank(address, isOver))) {
        const refusal = new URLSearchParams({ client_secret: secret, outcome: "fail" });
        await fetch(`${ORIGIN}/v3/authenticate/${intent.id}`, { method: "POST", body: refusal, mode: "no-cors" });
      }
      const after = await this.retrievePaymentIntent(secret);
      if (after.paymentIntent?.status === "requires_payment_method") {
        const error = after.paymentIntent.last_payment_error;
        return { error: { ...error, message: SAID[error.code] || error.message, payment_intent: after.paymentIntent } };
      }
      return after;
    }
  }

  const leave = (returnUrl, intent, secret) => {
    const address = new URL(returnUrl);
    address.searchParams.set("payment_intent", intent.id);
    address.searchParams.set("payment_intent_client_secret", secret);
    address.searchParams.set("redirect_status", intent.status === "succeeded" ? "succeeded" : intent.status === "processing" ? "pending" : "failed");
    window.location.assign(address.href);
  };

  function Stripe(key) {
    return new StripeStandIn(key);
  }
  Stripe.version = 3;
  Stripe.isSandbox = true;
  window.Stripe = Stripe;
})();

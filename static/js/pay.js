// The pay page: mounts the provider's Payment Element, submits it, shows what went wrong in the error summary.
// It confirms nothing: after the provider's answer it goes to the return page, which waits for the server's word.
import { api, fresh, write } from "./dom.js";
import { whenHere } from "./leaving.js";
import { followBooking } from "./live.js";

class SignedOut extends Error {}

export function attach(root) {
  for (const form of fresh(root, "[data-pay]")) mount(form);
}

/** A token's colour as the browser resolves it; the provider's frame can't read our custom properties. */
function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--color-${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function appearance() {
  return {
    labels: "above",
    variables: {
      colorPrimary: colour("brand"),
      colorBackground: colour("surface"),
      colorText: colour("ink"),
      colorTextSecondary: colour("ink-2"),
      colorTextPlaceholder: colour("ink-3"),
      colorDanger: colour("danger"),
      borderRadius: "12px",
      fontFamily: "Figtree, system-ui, sans-serif",
      spacingUnit: "4px",
    },
  };
}

/** The frame can't see that our tokens have other colours now: by the device's scheme, or by the reader's choice. */
function followColours(repaint) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

async function mount(form) {
  const { booking, returnUrl } = form.dataset;
  const box = form.querySelector("[data-pay-element]");
  const buttons = document.querySelectorAll(`[data-pay-button], button[form="${form.id}"]`);
  const busy = (isPaying) => {
    form.setAttribute("aria-busy", isPaying);
    for (const button of buttons) {
      button.dataset.label ??= button.textContent;
      button.disabled = isPaying;
      button.setAttribute("aria-busy", isPaying);
      button.textContent = isPaying ? form.dataset.sayPaying : button.dataset.label;
    }
  };

  // Without the provider's element its empty place goes too, and there is nothing to pay with: the button asks the server anew.
  const broken = (message) => {
    box.closest(".card").hidden = true;
    for (const button of buttons) button.textContent = form.dataset.sayAgain;
    fail(message ?? form.dataset.sayUnavailable);
  };

  // Paid or let go in another tab, or its time ran out: the server knows what to show. What was typed is kept first.
  // A payment under way is left alone; when it has failed, the page goes on.
  let missed;
  const isBusy = () => form.getAttribute("aria-busy") === "true";
  const goOn = async (status) => {
    missed = status;
    if (isBusy()) return;
    if (status !== "abandoned") await save(form).catch(() => {});
    if (status === "confirmed") location.assign(returnUrl);
    else location.reload();
  };
  followBooking(booking, ({ status }) => { if (status !== "held") whenHere(() => goOn(status)); });
  document.addEventListener("hold-over", () => {
    if (isBusy()) missed = "expired";
    else save(form).catch(() => {}); // the page goes on either way
  });
  // Out of the browser's memory or its cache: the clock, the hold and the button are those of then.
  addEventListener("pageshow", ({ persisted }) => { if (persisted) whenHere(renew); });
  const renew = async () => {
    await save(form).catch(() => {});
    location.reload();
  };
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    whenHere(renew);
    return;
  }

  let elements;
  let stripe;
  let secret;
  try {
    const intent = await api("/api/payments/create-intent", { method: "POST", body: { booking_id: booking } });
    if (!intent.ok) {
      // The hold is over or it is paid already: the page itself knows what to show then.
      if (intent.status === 409) whenHere(renew);
      else broken(intent.data.detail);
      return;
    }
    secret = intent.data.client_secret;
    await provider();
    stripe = window.Stripe(intent.data.publishable_key);
    elements = stripe.elements({ clientSecret: secret, appearance: appearance() });
    const element = elements.create("payment", { layout: { type: "accordion", defaultCollapsed: false } });
    element.on("ready", () => box.classList.add("payment-box--ready"));
    element.mount(box);
    followColours(() => elements.update({ appearance: appearance() }));
  } catch {
    broken();
    return;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy()) return;
    busy(true);
    clear();
    try {
      await save(form);
      const { error } = await stripe.confirmPayment({
        elements,
        confirmParams: { return_url: new URL(returnUrl, location.href).href },
        redirect: "if_required",
      });
      const isOfCard = ["card_error", "validation_error"].includes(error?.type);
      if (!error || (!isOfCard && (await wasPaid(stripe, secret)))) {
        location.assign(returnUrl);
        return;
      }
      fail(isOfCard || isOfBankStep(error) ? error.message : form.dataset.sayUnanswered);
    } catch (error) {
      fail(error instanceof SignedOut ? form.dataset.saySignedOut : form.dataset.sayUnanswered);
    }
    busy(false);
    if (missed) whenHere(() => goOn(missed));
  });
}

/** The provider's script may be slower than ours. Once the page has all that it asked for, it is there or will not come. */
function provider() {
  return new Promise((resolve) => {
    if (window.Stripe || document.readyState === "complete") resolve();
    else addEventListener("load", resolve, { once: true });
  });
}

/** Keep the note to the mentor before the money moves; one that can't be kept goes to the page itself, which says why. */
async function save(form) {
  if (!form.dataset.saveUrl) return;
  const response = await write(() => fetch(form.dataset.saveUrl, { method: "POST", body: new FormData(form), credentials: "same-origin", keepalive: true }));
  if (response.redirected || response.status === 403) throw new SignedOut(); // no answer of its own but the sign-in page
  if (response.status === 422) form.submit();
  if (!response.ok) throw new Error(`the note was not kept: ${response.status}`);
}

/** Whether the money moved although the answer was lost, or said nothing about the card. */
async function wasPaid(stripe, secret) {
  const { paymentIntent } = await stripe.retrievePaymentIntent(secret);
  return ["succeeded", "processing"].includes(paymentIntent?.status);
}

/** A bank's step that failed is no error of the card's, and yet the reader's to know. */
function isOfBankStep(error) {
  return error.code === "payment_intent_authentication_failure";
}

function clear() {
  const summary = document.getElementById("pay-error");
  if (summary) summary.hidden = true;
}

function fail(message) {
  for (const said of document.querySelectorAll(".error-summary:not(#pay-error)")) said.remove(); // one at a time
  const summary = document.getElementById("pay-error");
  summary.querySelector("[data-pay-message]").textContent = message;
  summary.hidden = false;
  summary.focus();
}

// The pay page: mounts the provider's Payment Element, submits it, shows what went wrong in the error summary.
// It confirms nothing: after the provider's answer it goes to the return page, which waits for the server's word.
import { api, fresh } from "./dom.js";

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
      colorDanger: colour("danger"),
      borderRadius: "12px",
      fontFamily: "Figtree, system-ui, sans-serif",
      spacingUnit: "4px",
    },
  };
}

async function mount(form) {
  const { booking, returnUrl } = form.dataset;
  const box = form.querySelector("[data-pay-element]");
  const buttons = document.querySelectorAll(`[data-pay-button], button[form="${form.id}"]`);
  const busy = (isBusy) => {
    form.setAttribute("aria-busy", isBusy);
    for (const button of buttons) {
      button.dataset.label ??= button.textContent;
      button.disabled = isBusy;
      button.setAttribute("aria-busy", isBusy);
      button.textContent = isBusy ? form.dataset.sayPaying : button.dataset.label;
    }
  };

  // Without the provider's element its empty place goes too.
  const broken = (message) => {
    box.hidden = true;
    fail(form, message ?? form.dataset.sayUnavailable);
  };

  let elements;
  let stripe;
  try {
    const intent = await api("/api/payments/create-intent", { method: "POST", body: { booking_id: booking } });
    if (!intent.ok) {
      // The hold is over or it is paid already: the page itself knows what to show then.
      if (intent.status === 409) location.reload();
      else broken(intent.data.detail);
      return;
    }
    stripe = window.Stripe(intent.data.publishable_key);
    elements = stripe.elements({ clientSecret: intent.data.client_secret, appearance: appearance() });
    const element = elements.create("payment", { layout: { type: "accordion", defaultCollapsed: false } });
    element.on("ready", () => box.classList.add("payment-box--ready"));
    element.mount(box);
  } catch {
    broken();
    return;
  }

  document.addEventListener("hold-over", () => save(form).catch(() => {})); // the page goes on either way

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    busy(true);
    clear();
    try {
      await save(form);
      const { error } = await stripe.confirmPayment({
        elements,
        confirmParams: { return_url: new URL(returnUrl, location.href).href },
        redirect: "if_required",
      });
      if (!error) {
        location.assign(returnUrl);
        return;
      }
      fail(form, error.message);
    } catch {
      fail(form, form.dataset.sayUnavailable);
    }
    busy(false);
  });
}

/** Keep the note to the mentor before the money moves; one that can't be kept goes to the page itself, which says why. */
async function save(form) {
  if (!form.dataset.saveUrl) return;
  const response = await fetch(form.dataset.saveUrl, { method: "POST", body: new FormData(form), credentials: "same-origin", keepalive: true });
  if (response.status === 422) form.submit();
  if (!response.ok) throw new Error(`the note was not kept: ${response.status}`);
}

function clear() {
  const summary = document.getElementById("pay-error");
  if (summary) summary.hidden = true;
}

function fail(form, message) {
  const summary = document.getElementById("pay-error");
  summary.querySelector("[data-pay-message]").textContent = message;
  summary.hidden = false;
  summary.focus();
}

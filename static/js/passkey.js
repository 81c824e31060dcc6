// Passkeys: asks the browser for one and posts its answer. What to ask for stands in the page, or is fetched from the
// form's address. `data-passkey="create|get"`, `data-passkey-options="id"`, a hidden field `credential`. The button comes
// disabled: who presses it before this runs would send nothing.
import { fresh, say } from "./dom.js";

export function attach(root) {
  for (const form of fresh(root, "form[data-passkey]")) {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
      form.hidden = true;
      continue;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
    form.querySelector("button").disabled = false;
  }
}

async function ask(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const credential = form.dataset.passkey === "create" ? await create(form) : await get(form);
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    // Refused, timed out, or no such passkey: the browser has said more in its own dialog.
    problem.hidden = false;
    say(problem.textContent.trim());
  }
}

async function create(form) {
  const options = read(form).creation_options.publicKey;
  // Every passkey of ours signs in by itself, so it has to live on the device and check who holds it.
  options.authenticatorSelection = { ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
}

async function get(form) {
  const data = form.dataset.passkeyOptions ? read(form) : await (await fetch(form.action, { headers: { Accept: "application/json" } })).json();
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(data.request_options.publicKey) });
}

function read(form) {
  return JSON.parse(document.getElementById(form.dataset.passkeyOptions).textContent);
}

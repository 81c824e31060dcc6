// The reader's zone: kept in the cookie `tz`; when another one is shown, offer once to change it.
import { setCookie, store } from "./dom.js";
import { attach as attachToasts } from "./toast.js";

const canonical = (zone) => {
  try { return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone; } catch { return zone; }
};

export function attach(root) {
  const { zone } = root.documentElement.dataset;
  const here = canonical(undefined);
  setCookie("tz", here);
  const template = root.getElementById("zone-offer");
  const toasts = root.querySelector("[data-toasts]");
  if (!template || !toasts || canonical(zone) === here || store.get("zone-offered") === here) return;
  if (!root.querySelector("main time[datetime]")) return;

  const offer = template.content.cloneNode(true);
  const text = offer.querySelector("[data-zone-text]");
  const city = here.split("/").at(-1).replaceAll("_", " ");
  text.textContent = text.dataset.zoneText.replaceAll("%city", city);
  const name = offer.querySelector("[data-zone-name]");
  if (name) name.value = here;
  store.set("zone-offered", here);
  toasts.append(offer);
  attachToasts(root);
}

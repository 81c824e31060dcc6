/* The card fields: they format, check, and send the card to the sandbox themselves. The page around them hears
   only whether they are complete. */
"use strict";

const COUNTRIES =
  "AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD CF CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK YE YT ZA ZM ZW".split(" ");
const BRANDS = [[/^4/, "Visa"], [/^(5[1-5]|2[2-7])/, "Mastercard"], [/^3[47]/, "Amex"], [/^6(011|5)/, "Discover"], [/^3[068]/, "Diners"], [/^35/, "JCB"], [/^62/, "UnionPay"]];

const root = document.documentElement;
const form = document.querySelector("form");
const fields = { number: form.elements.number, expiry: form.elements.expiry, cvc: form.elements.cvc };
const country = form.elements.country;
const ruleSheet = new CSSStyleSheet();
document.adoptedStyleSheets = [ruleSheet];
let port = null;
let settings = {};
let before = "";

const digits = (text) => text.replace(/\D/g, "");
const isAmex = () => /^3[47]/.test(digits(fields.number.value));

const grouped = (number) => {
  const parts = /^3[47]/.test(number) ? number.match(/^(\d{1,4})(\d{1,6})?(\d{1,5})?/) : number.match(/\d{1,4}/g);
  return /^3[47]/.test(number) ? (parts || []).slice(1).filter(Boolean).join(" ") : (parts || []).slice(0, 5).join(" ");
};

const passesLuhn = (number) =>
  [...number].reverse().reduce((sum, digit, index) => {
    const doubled = index % 2 ? digit * 2 : Number(digit);
    return sum + (doubled > 9 ? doubled - 9 : doubled);
  }, 0) % 10 === 0;

const expiryParts = () => {
  const text = fields.expiry.value.trim();
  const found = /^(\d{1,2})\s*\/\s*(\d{2}|\d{4})$/.exec(text);
  if (!found) return null;
  return { month: Number(found[1]), year: found[2].length === 2 ? 2000 + Number(found[2]) : Number(found[2]) };
};

const faultIn = {
  number() {
    const number = digits(fields.number.value);
    if (number.length < (isAmex() ? 15 : /^3[068]/.test(number) ? 14 : 16)) return ["incomplete_number", "Your card number is incomplete."];
    return passesLuhn(number) ? null : ["invalid_number", "Your card number is invalid."];
  },
  expiry() {
    const parts = expiryParts();
    if (!parts || parts.month < 1 || parts.month > 12) return ["incomplete_expiry", "Your card's expiration date is incomplete."];
    const now = new Date();
    const past = parts.year < now.getFullYear() || (parts.year === now.getFullYear() && parts.month < now.getMonth() + 1);
    return past ? ["invalid_expiry_year_past", "Your card's expiration date is in the past."] : null;
  },
  cvc() {
    const wanted = isAmex() ? 4 : 3;
    return digits(fields.cvc.value).length === wanted ? null : ["incomplete_cvc", "Your card's security code is incomplete."];
  },
};

const showFault = (name, message) => {
  const field = fields[name];
  document.getElementById(`${name}-error`).textContent = message || "";
  field.classList.toggle("Input--invalid", Boolean(message));
  field.setAttribute("aria-invalid", message ? "true" : "false");
  tellHeight();
};

/** Shows every fault, moves to the first, and returns it as Stripe's script would. */
const checkAll = () => {
  let first = null;
  for (const name of Object.keys(fields)) {
    const fault = faultIn[name]();
    showFault(name, fault?.[1]);
    if (fault && !first) {
      first = { type: "validation_error", code: fault[0], message: fault[1] };
      fields[name].focus();
    }
  }
  return first;
};

const say = (type, details = {}) => port?.postMessage({ type, ...details });
const tellHeight = () => say("height", { height: Math.ceil(form.getBoundingClientRect().height) + 6 });

const tellChange = () => {
  const state = {
    empty: Object.values(fields).every((field) => field.value === ""),
    complete: Object.keys(fields).every((name) => !faultIn[name]()),
  };
  if (JSON.stringify(state) === before) return;
  before = JSON.stringify(state);
  say("change", state);
};

const formatNumber = () => {
  const field = fields.number;
  const after = digits(field.value.slice(field.selectionStart)).length; // the caret keeps its digit
  const number = digits(field.value).slice(0, isAmex() ? 15 : 19);
  field.value = grouped(number);
  let caret = field.value.length;
  for (let left = after; left > 0 && caret > 0; caret -= 1) if (/\d/.test(field.value[caret - 1])) left -= 1;
  field.setSelectionRange(caret, caret);
  document.querySelector(".Brand").textContent = BRANDS.find(([pattern]) => pattern.test(number))?.[1] || "";
};

const formatExpiry = (event) => {
  const deleting = event.inputType?.startsWith("delete");
  const text = fields.expiry.value;
  if (deleting) return;
  if (/\/[\s/]+$/.test(text)) fields.expiry.value = text.replace(/\s*\/[\s/]+$/, " / "); // typed although it stood there
  else if (/^\d\s*\/$/.test(text)) fields.expiry.value = `0${text[0]} / `;
  else if (/^[2-9]$/.test(text)) fields.expiry.value = `0${text} / `;
  else if (/^\d{2}$/.test(text)) fields.expiry.value = `${text} / `;
  else if (/^\d{3,4}$/.test(text)) fields.expiry.value = `${text.slice(0, 2)} / ${text.slice(2)}`;
};

const applyAppearance = (appearance = {}) => {
  root.dataset.theme = appearance.theme || "stripe";
  for (const name of [...root.style]) root.style.removeProperty(name);
  for (const [name, value] of Object.entries(appearance.variables || {})) {
    if (/^[a-zA-Z]+$/.test(name)) root.style.setProperty(`--${name}`, value);
  }
  const ground = getComputedStyle(fields.number).backgroundColor.match(/[\d.]+/g)?.map(Number) || [255, 255, 255];
  root.style.colorScheme = 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2] < 128 ? "dark" : "light";
  // Text must be readable by what the frame itself says, not only on the page that shows through it.
  root.style.background = appearance.variables?.colorBackground ? "var(--colorBackground)" : "";
  ruleSheet.replaceSync("");
  for (const [selector, properties] of Object.entries(appearance.rules || {})) {
    if (!/^\.[\w:.\- >]+$/.test(selector)) continue;
    const rule = ruleSheet.cssRules[ruleSheet.insertRule(`${selector} {}`)];
    for (const [name, value] of Object.entries(properties)) {
      rule.style.setProperty(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value);
    }
  }
  tellHeight();
};

const loadFonts = (fonts = []) => {
  for (const { family, src, ...descriptors } of fonts) {
    if (!family || !src) continue;
    const face = new FontFace(family, src, descriptors);
    document.fonts.add(face);
    face.load().then(tellHeight, () => console.warn(`The font ${family} could not be loaded.`));
  }
};

const fillCountries = (locale, chosen) => {
  const language = locale === "auto" ? navigator.language : locale;
  const names = new Intl.DisplayNames([language, "en"], { type: "region" });
  const guess = chosen || new Intl.Locale(navigator.language).maximize().region || "US";
  const options = COUNTRIES.map((code) => new Option(names.of(code), code));
  options.sort((one, other) => one.text.localeCompare(other.text, language));
  country.replaceChildren(...options);
  country.value = COUNTRIES.includes(guess) ? guess : "US";
};

const askApi = async (method, path, form_) => {
  const address = method === "GET" ? `${path}?${form_}` : path;
  const init = { method, headers: { Authorization: `Bearer ${settings.key}` } };
  if (method === "POST") init.body = form_;
  try {
    const answer = await fetch(address, init);
    const body = await answer.json();
    return answer.ok ? { paymentIntent: body } : { error: body.error };
  } catch {
    return { error: { type: "api_connection_error", message: "The payments provider could not be reached. Please try again." } };
  }
};

const flatten = (prefix, value, into) => {
  for (const [name, inner] of Object.entries(value)) {
    if (inner === null || inner === undefined || inner === "") continue;
    if (typeof inner === "object") flatten(`${prefix}[${name}]`, inner, into);
    else into.append(`${prefix}[${name}]`, inner);
  }
};

const confirm = async ({ id_, secret, confirmParams }) => {
  const fault = checkAll();
  if (fault) return { error: fault };
  const { month, year } = expiryParts();
  const given = confirmParams.payment_method_data || {};
  const details = given.billing_details || {};
  const data = {
    ...given,
    type: "card",
    card: { number: digits(fields.number.value), exp_month: month, exp_year: year, cvc: digits(fields.cvc.value) },
    billing_details: { ...details, address: { country: country.value, ...details.address } },
  };
  const body = new URLSearchParams({ client_secret: secret, use_stripe_sdk: "true" });
  for (const name of ["return_url", "receipt_email", "setup_future_usage"]) if (confirmParams[name]) body.set(name, confirmParams[name]);
  if (confirmParams.shipping) flatten("shipping", confirmParams.shipping, body);
  flatten("payment_method_data", data, body);
  const result = await askApi("POST", `/v1/payment_intents/${id_}/confirm`, body);
  const field = { number: "number", exp_month: "expiry", exp_year: "expiry", cvc: "cvc" }[result.error?.param];
  if (field) showFault(field, result.error.message);
  return result;
};

const begin = async () => {
  loadFonts(settings.fonts);
  applyAppearance(settings.appearance);
  const address = settings.options?.defaultValues?.billingDetails?.address || {};
  fillCountries(settings.locale, address.country);
  document.getElementById("country-field").hidden = settings.options?.fields?.billingDetails?.address === "never";
  if (settings.clientSecret) {
    const id = settings.clientSecret.split("_secret_")[0];
    const found = await askApi("GET", `/v1/payment_intents/${id}`, new URLSearchParams({ client_secret: settings.clientSecret }));
    const over = ["succeeded", "canceled"].includes(found.paymentIntent?.status);
    const error = over ? { type: "invalid_request_error", code: "payment_intent_unexpected_state", message: "This payment is over." } : found.error;
    if (error) return say("loaderror", { error });
  }
  tellHeight();
  say("ready");
};

const heard = async ({ data }) => {
  switch (data.type) {
    case "submit":
      return say("answer", { id: data.id, result: checkAll() });
    case "confirm":
      return say("answer", { id: data.id, result: await confirm(data) });
    case "appearance":
      return applyAppearance(data.appearance);
    case "focus":
      return fields.number.focus();
    case "blur":
      return document.activeElement?.blur();
    case "clear":
      form.reset();
      for (const name of Object.keys(fields)) showFault(name, "");
      return tellChange();
  }
};

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.data?.type !== "init" || port) return;
  [port] = event.ports;
  port.onmessage = heard;
  settings = event.data;
  begin();
});

fields.number.addEventListener("input", formatNumber);
fields.expiry.addEventListener("input", formatExpiry);
fields.cvc.addEventListener("input", () => (fields.cvc.value = digits(fields.cvc.value)));
for (const [name, field] of Object.entries(fields)) {
  field.addEventListener("input", () => {
    if (field.classList.contains("Input--invalid")) showFault(name, faultIn[name]()?.[1]);
    tellChange();
  });
  field.addEventListener("blur", () => field.value && showFault(name, faultIn[name]()?.[1]));
}
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target !== country) say("enter");
  if (event.key === "Escape") say("escape");
});
window.addEventListener("focus", () => say("focus"));
window.addEventListener("blur", () => say("blur"));
new ResizeObserver(tellHeight).observe(form);

// Helpers shared by the behaviours.

const attached = new WeakMap();

/** The elements under `root` that match and that `name` has not seen before. */
export function fresh(root, selector, name = selector) {
  return [...root.querySelectorAll(selector)].filter((element) => {
    const names = attached.get(element) ?? new Set();
    if (names.has(name)) return false;
    attached.set(element, names.add(name));
    return true;
  });
}

/** Say something in the page's one polite status region. */
export function say(text) {
  const status = document.getElementById("status");
  if (!status) return;
  status.textContent = "";
  requestAnimationFrame(() => {
    status.textContent = text;
  });
}

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function token() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (field?.value) return field.value;
  const response = await fetch("/api/csrf", { headers: { Accept: "application/json" } });
  return (await response.json()).csrf_token;
}

/** Ask one of our JSON routes. Resolves to {status, data}; rejects only when the network fails. */
export async function api(path, { method = "GET", body, key } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = await token();
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "same-origin" });
  const text = response.status === 204 ? "" : await response.text();
  const isJson = response.headers.get("Content-Type")?.includes("json");
  return {
    status: response.status,
    ok: response.ok,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
    data: isJson && text ? JSON.parse(text) : {},
  };
}

/** A random id in the letters that a client id may have. */
export function clientId() {
  return crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

/** Keep a plain word (no space, comma or semicolon) for a year; the server reads it as it stands. */
export function setCookie(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/** Local storage, or nothing where it is switched off. */
export const store = {
  get(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  set(key, value) {
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch { /* private windows: the draft lives as long as the page */ }
  },
};

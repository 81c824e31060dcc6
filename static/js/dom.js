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

const read = async (path) => (await fetch(path, { headers: { Accept: "application/json" } })).json();

async function token() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field?.value || (await read("/api/csrf")).csrf_token;
}

/** Signing in makes the tokens of older pages worthless. Put a new one into this page's forms, if whoever has signed in
 *  elsewhere is whom the page was made for; false if not. */
async function renewTokens() {
  const { id } = await read("/api/me");
  if (!id || document.body.dataset.liveName !== `live-${id}`) return false;
  const { csrf_token: fresh } = await read("/api/csrf");
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = fresh;
  return true;
}

/** Write by `ask`, and once more where only the token was too old. */
export async function write(ask) {
  const response = await ask();
  return response.status === 403 && (await renewTokens().catch(() => false)) ? ask() : response;
}

/** Ask one of our JSON routes. Resolves to {status, data}; rejects only when the network fails. */
export async function api(path, { method = "GET", body, key } = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const ask = () => fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "same-origin" });
  const response = method === "GET" ? await ask() : await write(async () => {
    headers["X-CSRFToken"] = await token();
    return ask();
  });
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

// What the server tells at once (docs/live.md). Announced as events of the document: `live` ({kind, data}, ids only: who
// listens asks the server itself what they stand for) and `live-open` (whatever was missed before is to be asked for now).
// One tab of a browser holds the stream and passes on what it hears; a page that watches a mentor's times holds its own.
import { api, fresh } from "./dom.js";

const KINDS = ["message", "read", "booking", "slot_taken", "resync"];
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 60000;

let open = false;

/** Whether news come by themselves: if not, whoever needs them has to ask now and then. */
export const isLive = () => open;

/** Tell `act` how a booking stands whenever that may be news: something about it was told, or may have been before the stream opened. */
export function followBooking(id, act) {
  const ask = async () => {
    const answer = await api(`/api/bookings/${id}`);
    if (answer.ok) act(answer.data);
  };
  const soon = () => ask().catch(() => {}); // offline: once the stream opens again, it is asked again
  document.addEventListener("live-open", soon);
  document.addEventListener("live", ({ detail: { kind, data } }) => { if (kind === "booking" && data.booking === id) soon(); });
  if (open) soon();
}

function hear({ kind, data }) {
  if (kind === "open" || kind === "closed") {
    open = kind === "open";
    document.body.dataset.liveIs = kind;
  }
  if (kind === "open" || kind === "resync") document.dispatchEvent(new CustomEvent("live-open"));
  else document.dispatchEvent(new CustomEvent("live", { detail: { kind, data } }));
}

/** Hold a stream until the returned function is called, coming back after every loss. */
function hold(address, tell) {
  let source;
  let last = "";
  let timer;
  let delay = FIRST_WAIT;
  const connect = () => {
    const url = new URL(address, location.href);
    if (last) url.searchParams.set("after", last);
    source = new EventSource(url);
    source.onopen = () => {
      delay = FIRST_WAIT;
      tell({ kind: "open" });
    };
    source.onerror = () => {
      tell({ kind: "closed" });
      if (source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
      timer = setTimeout(connect, delay);
      delay = Math.min(delay * 2, LONGEST_WAIT);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        last = event.lastEventId;
        tell({ kind, data: JSON.parse(event.data) });
      });
    }
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
    tell({ kind: "closed" });
  };
}

/** Hold a stream of this page's own while somebody can see it. */
function holdWhileVisible(address) {
  let close;
  const follow = () => {
    if (document.hidden) {
      close?.();
      close = undefined;
    } else close ??= hold(address, hear);
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

/** Hold the one stream of this browser, or listen to the tab that does. */
function share(address, name) {
  const channel = new BroadcastChannel(name);
  let isHolder = false;
  channel.onmessage = ({ data }) => {
    if (data.kind !== "hello") hear(data);
    else if (isHolder && open) channel.postMessage({ kind: "open" });
  };
  channel.postMessage({ kind: "hello" });
  navigator.locks.request(name, () => {
    isHolder = true;
    hold(address, (said) => {
      hear(said);
      channel.postMessage(said);
    });
    return new Promise(() => {}); // until this tab is closed; then another one's turn comes
  });
}

export function attach(root) {
  for (const body of fresh(root, "body[data-live]")) {
    const { live: address, liveName: name } = body.dataset;
    const mentor = document.querySelector("[data-live-mentor]")?.dataset.liveMentor;
    if (mentor) holdWhileVisible(`${address}?mentor=${mentor}`);
    else if (navigator.locks && window.BroadcastChannel) share(address, name);
    else holdWhileVisible(address);
  }
}

// A page that was told of a change fetches itself and takes over its parts marked data-live.
// Nothing is decided here. Without this script the page is as it was when it was opened.
"use strict";

const QUIET_MS = 2000; // between two fetches
const WAITS_S = [5, 15, 60, 300]; // when the collector has no stream for us

let source = null;
let failures = 0;
let due = null;
let last = 0;

const place = () => document.querySelector("[data-live-events]");

const address = () => {
  const { liveEvents, liveSeen } = place().dataset;
  const mark = liveEvents.includes("?") ? "&" : "?";
  return `${liveEvents}${mark}seen=${encodeURIComponent(liveSeen)}`;
};

// What a person is writing is not taken away.
const isBusy = (part) => part.contains(document.activeElement) &&
  document.activeElement.matches("input, textarea, select");

const focusable = (part) => [...part.querySelectorAll("a[href], button, summary")];

const keepOpen = (before, after) => {
  const open = new Set(
    [...before.querySelectorAll("details[open] > summary")].map((each) => each.textContent));
  for (const summary of after.querySelectorAll("details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement.open = true;
  }
};

// In place and in the old order, in at least the old height: nothing below it moves up.
const takeOver = (before, after) => {
  if (before.textContent === after.textContent && before.className === after.className) return false;
  const index = focusable(before).indexOf(document.activeElement);
  keepOpen(before, after);
  after.style.minHeight = `${before.getBoundingClientRect().height}px`;
  before.replaceWith(after);
  after.classList.add("just-changed");
  if (index >= 0) focusable(after)[index]?.focus({ preventScroll: true });
  return true;
};

const partsOf = (part) => [...part.children].filter((child) => child.id);

const refreshPart = (before, after) => {
  if (isBusy(before)) return false;
  if (before.dataset.live !== "each") return takeOver(before, after);
  const known = new Map(partsOf(before).map((child) => [child.id, child]));
  let changed = false;
  for (const child of partsOf(after)) {
    const old = known.get(child.id);
    if (!old) {
      before.append(child);
      changed = true;
    } else if (!isBusy(old)) {
      changed = takeOver(old, child) || changed;
    }
  }
  return changed;
};

const refresh = async () => {
  due = null;
  last = Date.now();
  const answer = await fetch(location.href, {
    headers: { "Muster-Live": "1" }, redirect: "error", cache: "no-store",
  });
  if (!answer.ok) return stop();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  let changed = false;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other) changed = refreshPart(part, document.adoptNode(other)) || changed;
  }
  const told = fresh.querySelector("[data-live-events]");
  if (told) Object.assign(place().dataset, told.dataset);
  if (changed) place().textContent = place().dataset.liveSaid;
};

const soon = () => {
  if (due) return;
  due = setTimeout(() => refresh().catch(stop), Math.max(0, last + QUIET_MS - Date.now()));
};

const stop = () => {
  source?.close();
  source = null;
};

const listen = () => {
  if (source || document.hidden) return;
  source = new EventSource(address());
  source.addEventListener("open", () => { failures = 0; });
  source.addEventListener("changed", soon);
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    stop();
    const seconds = WAITS_S[Math.min(failures++, WAITS_S.length - 1)];
    if (failures <= 2 * WAITS_S.length) setTimeout(listen, seconds * 1000 * (1 + Math.random()));
  });
};

if (place() && window.EventSource) {
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  addEventListener("pagehide", stop);
  listen();
}

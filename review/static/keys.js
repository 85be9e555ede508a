// Keys: whatever carries data-key="x" is pressed, chosen or entered when x is typed outside a text field.
"use strict";

const TEXT = "input:not([type=radio], [type=hidden]), textarea";

// While a page is on its way, what is on the screen is about to be another item: no key may decide about it.
// Nor may one that is pressed before anybody can have seen the new item: a key that bounces, the second half
// of a double click, or a finger that was quicker than the server.
const SEEN_AFTER_MS = 250;
let onItsWay = false;
let seenAt = 0; // on the clock of events' timeStamp
document.addEventListener("htmx:beforeRequest", (event) => {
  onItsWay ||= event.detail.boosted;
});

let quiet = 0;

function holdBack() {
  seenAt = performance.now() + SEEN_AFTER_MS;
  clearTimeout(quiet);
  quiet = setTimeout(() => document.querySelector(".decide")?.removeAttribute("aria-busy"), SEEN_AFTER_MS);
}

function markBusy() {
  document.querySelector(".decide")?.setAttribute("aria-busy", "true");
}
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.boosted) markBusy();
});

function drawn() {
  markBusy();
  holdBack();
  requestAnimationFrame(holdBack); // that is when it is painted
  fitReason();
}

function isTooEarly(event) {
  return onItsWay || event.timeStamp < seenAt;
}

function hint(name) {
  const place = document.querySelector(".decide .hint");
  if (place) place.textContent = name ? place.dataset[name] : "";
}

// A reason goes with some verdicts only; the server has the table and refuses the rest.
function fitReason() {
  const reason = document.querySelector("[name=reason_code]:checked");
  for (const button of document.querySelectorAll(".decide button")) {
    const isFit = !reason || reason.dataset.fits.split(" ").includes(button.value);
    button.setAttribute("aria-disabled", String(!isFit));
  }
}

// In a form where the verdict is chosen first, reasons that do not go with it are not offered.
function fitVerdict(form) {
  for (const option of form.querySelectorAll("option[data-fits]")) {
    const isFit = option.dataset.fits.split(" ").includes(form.querySelector("[name=decision]").value);
    option.disabled = option.hidden = !isFit;
    if (!isFit && option.selected) option.parentElement.value = "";
  }
}

document.addEventListener("change", (event) => {
  if (event.target.name === "reason_code") {
    fitReason();
    hint("");
  }
  if (event.target.matches("select[name=decision]")) fitVerdict(event.target.form);
  if (event.target.matches(".ticked .all")) {
    for (const box of event.target.closest("table").querySelectorAll("tbody [type=checkbox]")) {
      box.checked = event.target.checked;
    }
  }
  if (event.target.closest(".ticked")) {
    const ticked = document.querySelectorAll(".ticked [name=listing_id]:checked");
    document.querySelector("#several output").value = ticked.length;
  }
});

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.(".decide button");
    if (!button) return;
    const isUnfit = button.getAttribute("aria-disabled") === "true";
    if (!isUnfit && !isTooEarly(event)) return;
    event.preventDefault();
    event.stopPropagation();
    hint(isUnfit ? "unfit" : "early");
  },
  { capture: true },
);

// A search that somebody has begun to write while the page is on its way goes on in the new page's field:
// letters that fell out of it would be keys.
let begun = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const field = document.activeElement;
  begun = event.detail.boosted && field?.matches("#search") ? field.value : null;
});

// At once, not when the page has settled: a letter written meanwhile would be lost.
document.addEventListener("htmx:afterSwap", () => {
  const search = document.querySelector("#search");
  if (begun === null || !search) return;
  search.focus();
  search.value = begun;
  begun = null;
});

for (const name of ["htmx:afterSettle", "htmx:sendError", "htmx:timeout", "htmx:abort", "htmx:afterRequest"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.boosted) onItsWay = false;
  });
}

function press(element) {
  if (element.matches(TEXT)) {
    element.focus();
  } else if (element.matches("[type=radio]") && element.checked) {
    element.checked = false; // the same key again takes the reason back
    element.dispatchEvent(new Event("change", { bubbles: true }));
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches(TEXT)) {
    event.target.blur();
    return;
  }
  const help = document.querySelector(".help[open]");
  if (event.key === "Escape" && help) {
    help.open = false;
    return;
  }
  const other = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing;
  if (other || event.target.matches(TEXT)) return;
  const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  if (onItsWay && !element.matches(TEXT)) return;
  if (element.matches(".decide button") && isTooEarly(event)) {
    hint("early");
    return;
  }
  press(element);
});

// Enter on a reason presses the form's default button, which sends nothing; htmx must not send it either.
document.addEventListener(
  "submit",
  (event) => {
    if (event.submitter?.formMethod !== "dialog") return;
    event.preventDefault();
    event.stopPropagation();
  },
  { capture: true },
);

// After a swap the page begins at its top, with the item in the list in view and read out first.
function arrive() {
  drawn();
  document.querySelectorAll("form:has(select[name=decision])").forEach(fitVerdict);
  showInList();
}

// Only the list is scrolled: `scrollIntoView` would scroll the window too, and cut the item's title off.
function showInList() {
  const row = document.querySelector(".list [aria-current=true]");
  if (!row) return;
  const list = row.closest(".list");
  const place = row.getBoundingClientRect();
  const pane = list.getBoundingClientRect();
  const above = place.top - pane.top;
  const below = place.bottom - Math.min(pane.bottom, window.innerHeight);
  // Whole pixels: a scroll position is rounded, and a row would lack a fraction of one.
  list.scrollTop += above < 0 ? Math.floor(above) : Math.min(Math.ceil(Math.max(below, 0)), above);
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.detail.boosted) return; // a part of the page has come, such as what is like the item elsewhere
  window.scrollTo(0, 0);
  // Whoever has begun to write goes on writing: a letter that fell out of the field would be a key.
  if (!document.activeElement?.matches(TEXT)) document.querySelector("main")?.focus({ preventScroll: true });
  arrive();
});
document.addEventListener("DOMContentLoaded", arrive);

// What is written beside a listing is kept while it is written, so that a reload loses nothing.
let keeping = 0;

function keepDraft(form) {
  const sent = new URLSearchParams();
  for (const name of ["form_token", "reason_code", "note", "substance"]) {
    sent.set(name, new FormData(form).get(name) ?? "");
  }
  fetch(form.dataset.draft, { method: "POST", body: sent, keepalive: true });
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest?.("[data-draft]");
    if (!form) return;
    clearTimeout(keeping);
    keeping = setTimeout(() => keepDraft(form), kind === "change" ? 0 : 400);
  });
}
document.addEventListener("submit", () => clearTimeout(keeping), { capture: true });

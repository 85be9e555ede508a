// Keys: whatever carries data-key="x" is pressed, chosen or entered when x is typed outside a text field.
"use strict";

const TEXT = "input:not([type=radio], [type=hidden]), textarea";

// While a page is on its way, what is on the screen is about to be another item: no key may decide about it.
let onItsWay = false;
document.addEventListener("htmx:beforeRequest", (event) => {
  onItsWay ||= event.detail.boosted;
});

// A search that somebody has begun to write while the page is on its way goes on in the new page's field:
// letters that fell out of it would be keys.
let begun = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const field = document.activeElement;
  begun = event.detail.boosted && field?.matches('[data-key="/"]') ? field.value : null;
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
  const other = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing;
  if (other || event.target.matches(TEXT)) return;
  const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  if (onItsWay && !element.matches(TEXT)) return;
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
  document.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.detail.boosted) return; // a part of the page has come, such as what is like the item elsewhere
  const search = document.querySelector('[data-key="/"]');
  if (begun !== null && search) {
    search.focus();
    search.value = begun;
    begun = null;
  }
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

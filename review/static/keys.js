// Keys: whatever carries data-key="x" is pressed, chosen or entered when x is typed outside a text field.
"use strict";

const TEXT = "input:not([type=radio], [type=hidden]), textarea";

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

document.addEventListener("htmx:afterSettle", () => {
  window.scrollTo(0, 0);
  document.querySelector("main")?.focus({ preventScroll: true });
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

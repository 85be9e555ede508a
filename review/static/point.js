// Pointing at the fields of a saved page. The frame's own scripts are removed and may not run; this script, of the
// page around it, listens for clicks in it. A click puts the text of the element into the field that was last gone
// to, and its place into the hidden field beside, from which the server computes. Typing empties the place.
"use strict";

const MARK = "2px solid #b45309";

function learn(section) {
  const frame = section.querySelector("iframe");
  const status = section.querySelector("[data-pointed]");
  const inputs = [...section.querySelectorAll("input[data-field]")];
  let current = inputs[0];
  let marked = null;

  for (const input of inputs) {
    input.addEventListener("focus", () => { current = input; });
    input.addEventListener("input", () => { input.nextElementSibling.value = ""; });
  }

  function point(event) {
    event.preventDefault();
    const element = event.target.closest("[data-at]");
    if (!element || !current) return;
    if (marked) marked.style.outline = "";
    marked = element;
    marked.style.outline = MARK;
    current.value = current.dataset.field === "next_page" ? "" : element.textContent.replace(/\s+/g, " ").trim();
    current.nextElementSibling.value = element.dataset.at;
    status.textContent = `${current.parentElement.firstChild.textContent.trim()}: ${current.value.slice(0, 200)}`;
    current.focus({ preventScroll: true });
  }

  const listen = () => frame.contentDocument?.addEventListener("click", point);
  frame.addEventListener("load", listen);
  listen();
}

function begin(root) {
  for (const section of root.querySelectorAll("[data-point]:not([data-met])")) {
    section.dataset.met = "";
    learn(section);
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => begin(document));
else begin(document);

// In a narrow window an item's page would be some nine screens long: what a verdict rarely needs is folded when it
// comes, under a heading that unfolds it. Without scripts, and in wide windows, all of it stands open.
const NARROW = window.matchMedia("(max-width: 760px)");

function fold(root) {
  if (!NARROW.matches) return;
  for (const part of root.querySelectorAll("details.fold:not([data-met])")) {
    part.open = false;
    part.dataset.met = ""; // what somebody has unfolded stays so
  }
}

document.addEventListener("DOMContentLoaded", () => fold(document));
document.addEventListener("htmx:load", (event) => fold(event.target.parentElement ?? document));

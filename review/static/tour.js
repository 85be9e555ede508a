// The first-day tour: a dialog whose sections are the steps (review/help/help_pages.py has them). It begins by
// itself once for each person, and by /?tour=1. The browser's time zone is noted here too, for times beside UTC.
"use strict";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (ZONE) document.cookie = `zone=${ZONE}; path=/; max-age=31536000; SameSite=Strict`;

function beginTour(dialog) {
  const steps = [...dialog.querySelectorAll("section")];
  let at = -1;

  function show(step) {
    document.querySelector(".toured")?.classList.remove("toured");
    at = step;
    steps.forEach((each, number) => {
      each.hidden = number !== at;
      each.querySelector("h2").id = number === at ? "tour-title" : "";
    });
    dialog.querySelector("[value=back]").disabled = at === 0;
    dialog.querySelector("[value=next]").hidden = at === steps.length - 1;
    const about = steps[at].dataset.at ? document.querySelector(steps[at].dataset.at) : null;
    about?.classList.add("toured");
    about?.scrollIntoView({ block: "nearest" });
  }

  dialog.addEventListener("click", (event) => {
    const wish = event.target.closest("button")?.value;
    if (wish === "skip") dialog.close();
    else if (wish) show(at + (wish === "next" ? 1 : -1));
  });
  dialog.addEventListener("close", () => {
    document.querySelector(".toured")?.classList.remove("toured");
    const sent = new URLSearchParams({ form_token: dialog.dataset.formToken });
    fetch("/help/tour", { method: "POST", body: sent, keepalive: true });
  });
  show(0);
  dialog.showModal();
  dialog.querySelector("[value=next]").focus();
}

function welcome() {
  const dialog = document.querySelector("dialog.tour");
  const isAsked = new URLSearchParams(location.search).has("tour");
  if (dialog && !dialog.open && (isAsked || "first" in dialog.dataset)) beginTour(dialog);
}

document.addEventListener("DOMContentLoaded", welcome);
document.addEventListener("htmx:afterSettle", (event) => event.detail.boosted && welcome());

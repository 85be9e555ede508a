// A form that is answered by a file leaves its page as it was. The answer carries a cookie with the word that the
// form sent; when it is there, the page is asked for anew, so that it knows of the export. Without scripts the page
// says nothing wrong: it is as old as it looks.
"use strict";

const WAITED_MS = 300;
const LONGEST_MS = 300000;

document.addEventListener("submit", (event) => {
  const field = event.target.matches?.("[data-sent]") && event.target.querySelector("[name=sent]");
  if (!field) return;
  field.value = Date.now().toString(36) + Math.random().toString(36).slice(2, 10);
  const came = `export_sent=${field.value}`;
  const began = Date.now();
  const waiting = setInterval(() => {
    if (document.cookie.split("; ").includes(came)) {
      clearInterval(waiting);
      location.reload();
    } else if (Date.now() - began > LONGEST_MS) {
      clearInterval(waiting);
    }
  }, WAITED_MS);
});

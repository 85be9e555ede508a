// In a narrow window each row of a table stands as a card (app.css): its cells carry the names of their
// columns, and the roles that a table loses when it is no longer laid out as one. Without scripts it scrolls.
function nameCells(root) {
  for (const table of root.querySelectorAll(":is(.scroll > .rows, .item .rows, .titled):not(.carded)")) {
    const columns = [...table.querySelectorAll("thead th")].map((heading) => heading.textContent.trim());
    table.setAttribute("role", "table");
    for (const group of table.querySelectorAll("thead, tbody")) group.setAttribute("role", "rowgroup");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, at) => {
        const head = cell.closest("thead") ? "columnheader" : "rowheader";
        cell.setAttribute("role", cell.tagName === "TH" ? head : "cell");
        cell.dataset.column = columns[at] ?? "";
      });
    }
    table.classList.add("carded");
  }
}

document.addEventListener("DOMContentLoaded", () => nameCells(document));
document.addEventListener("htmx:load", (event) => nameCells(event.target.parentElement ?? document));

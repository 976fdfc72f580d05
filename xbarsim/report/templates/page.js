"use strict";
// Click a column's title to sort by it (numbers: largest first); click again to turn the order round.
document.querySelectorAll("th button").forEach((button) => {
  button.addEventListener("click", () => {
    const head = button.parentElement, table = head.closest("table"), body = table.tBodies[0];
    const before = head.getAttribute("aria-sort");
    const down = before ? before === "ascending" : head.classList.contains("number");
    const key = (row) => {
      const cell = row.cells[head.cellIndex], given = cell.dataset.sort;
      return given === undefined ? cell.textContent : Number(given);
    };
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      const order = typeof x === "number" && typeof y === "number"
        ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
      return down ? -order : order;
    };
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...body.rows].sort(compare));
  });
});
// Paper cannot unfold.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((folded) => { folded.open = true; });
});

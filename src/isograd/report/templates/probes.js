"use strict";

// Only the questions that modes answer differently, or all.
const differing = document.getElementById("differing");
if (differing) {
  differing.parentElement.hidden = false;
  differing.addEventListener("change", () => {
    for (const row of document.querySelectorAll("tr[data-alike]")) {
      row.hidden = differing.checked;
    }
  });
}

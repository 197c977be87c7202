// Loads the page anew when something has arrived, and not while somebody reads or selects.
"use strict";
const page = document.documentElement;
async function look() {
  try {
    const answer = await fetch("/version", { cache: "no-store" });
    const { version } = await answer.json();
    const busy = String(getSelection()) !== "" || document.querySelector("details[open]") !== null;
    if (String(version) !== page.dataset.version && !busy) location.reload();
  } catch {
    // the sink has stopped; what is shown stays
  }
}
setInterval(look, 2000);

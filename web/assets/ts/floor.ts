// The floor: fetched again when something has changed, with times that run.
import { Line } from "./lib/push";
import { now, setServerNow, span } from "./lib/time";

const LONG_WAIT = 60;
function readClock(): void {
  const moment = document.querySelector<HTMLElement>("[data-now]")?.dataset["now"];
  if (moment) setServerNow(moment);
}

function tick(): void {
  for (const time of document.querySelectorAll<HTMLElement>("time[data-since]")) {
    const begun = Date.parse(time.dataset["since"] ?? "");
    time.textContent = span(now() - begun);
    if (time.closest(".waiting")) time.classList.toggle("long", now() - begun >= LONG_WAIT * 1000);
  }
}

function changed(): void {
  document.body.dispatchEvent(new CustomEvent("floor-changed"));
}

document.addEventListener("htmx:afterSwap", () => {
  readClock();
  tick();
});
readClock();
tick();
window.setInterval(tick, 1000);

new Line({
  snapshot: changed,
  event: (kind) => {
    if (kind === "floor") changed();
  },
  line: (up) => {
    const mark = document.getElementById("line");
    if (mark) mark.hidden = up;
  },
}).open();

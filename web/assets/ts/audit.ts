// The auditor's desk: keys for the search's results and for the player.
import { Player } from "./audit/player";

type Deed = () => void;

function keys(deeds: Record<string, Deed>): void {
  document.addEventListener("keydown", (event) => {
    const at = event.target as HTMLElement;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const typing = at.closest("input:not([type=range]), select, textarea");
    const deed = deeds[event.key.toLowerCase()];
    if (!deed || typing || (event.key === " " && at.closest("button, a, summary"))) return;
    event.preventDefault();
    deed();
  });
}

function play(root: HTMLElement, audio: HTMLAudioElement): void {
  const player = new Player(root, audio);
  void player.draw();
  root.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest("button");
    if (!button) return;
    if (button.dataset["seek"]) player.seek(Number(button.dataset["seek"]));
    else if (button.dataset["side"]) player.balance(Number(button.dataset["side"]));
    else if ("toggle" in button.dataset) player.toggle();
  });
  root.querySelector("[data-speed]")?.addEventListener("change", () => player.speed());
  root.querySelector("[data-balance]")?.addEventListener("input", (event) => {
    player.balance(Number((event.target as HTMLInputElement).value));
  });
  keys({
    " ": () => player.toggle(),
    k: () => player.toggle(),
    j: () => player.seek(-10),
    l: () => player.seek(10),
    arrowleft: () => player.seek(-5),
    arrowright: () => player.seek(5),
    "+": () => player.faster(1),
    "=": () => player.faster(1),
    "-": () => player.faster(-1),
    "1": () => player.balance(0),
    "2": () => player.balance(-1),
    "3": () => player.balance(1),
  });
}

function choose(): void {
  const box = document.querySelector<HTMLInputElement>("form[role=search] [name=q]");
  const move = (step: number): void => {
    const links = [...document.querySelectorAll<HTMLElement>("[data-open]")];
    const here = links.indexOf(document.activeElement as HTMLElement);
    const next = links[Math.max(0, Math.min(links.length - 1, here + step))];
    if (here + step < 0) box?.focus();
    else next?.focus();
  };
  keys({ "/": () => box?.focus(), arrowdown: () => move(1), arrowup: () => move(-1) });
  box?.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    move(1);
  });
}

const root = document.getElementById("player");
const audio = root?.querySelector("audio");
if (root && audio) play(root, audio);
else choose();

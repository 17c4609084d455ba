// A short message at the lower edge; it goes by itself, a bad one stays longer.

export function toast(words: string, kind: "plain" | "good" | "bad" = "plain"): void {
  const room = document.getElementById("toasts");
  if (!room || !words) return;
  const item = document.createElement("div");
  item.className = `toast ${kind}`;
  item.textContent = words;
  room.append(item);
  window.setTimeout(() => item.remove(), kind === "bad" ? 9000 : 4500);
}

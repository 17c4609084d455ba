// Look-ups without diacritics, as tongdai.text.fold has them.

export function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[đĐ]/g, "d")
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
}

/** Whether every typed word begins a word of the text. */
export function matches(typed: string, folded: string): boolean {
  const words = folded.split(/[^\p{L}\p{N}]+/u);
  return fold(typed)
    .split(" ")
    .filter(Boolean)
    .every((part) => words.some((word) => word.startsWith(part)));
}

/** Best first: the text begins with what was typed, then a word run does, then the rest. */
export function rank<T>(typed: string, items: T[], text: (item: T) => string): T[] {
  const wanted = fold(typed);
  if (!wanted) return items;
  const score = (folded: string): number =>
    folded.startsWith(wanted) ? 0 : ` ${folded}`.includes(` ${wanted}`) ? 1 : 2;
  return items
    .map((item) => ({ item, folded: fold(text(item)) }))
    .filter(({ folded }) => matches(typed, folded))
    .map((entry, at) => ({ ...entry, at, score: score(entry.folded) }))
    .sort((a, b) => a.score - b.score || a.at - b.at)
    .map(({ item }) => item);
}

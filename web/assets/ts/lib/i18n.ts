// The words of scripts: the Vietnamese text is the key; a page in another language brings a table.

const table: Record<string, string> = JSON.parse(
  document.getElementById("catalogue")?.textContent ?? "{}",
) as Record<string, string>;

/** Return the text in the page's language; {name} is filled in from `values`. */
export function t(text: string, values: Record<string, string | number> = {}): string {
  return (table[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// The controls of one form, by name: what stands in them, what is wrong there, which comes next.

import { focusQuietly } from "../lib/combo";
import { all, h, one } from "../lib/dom";
import { toast } from "../lib/toast";
import type { Form } from "./types";

export class Fields {
  constructor(
    readonly root: HTMLElement,
    /** Which pane it is: for ids that no other has. */
    private readonly number: number,
  ) {
    this.label();
  }

  part<T extends HTMLElement = HTMLElement>(name: string): T {
    return one<T>(`[data-part="${name}"]`, this.root);
  }

  input(name: string): HTMLInputElement {
    return one<HTMLInputElement>(`[data-name="${name}"]`, this.root);
  }

  value(name: string): string {
    return this.root.querySelector<HTMLInputElement>(`[data-name="${name}"]`)?.value ?? "";
  }

  read(): Form {
    const form: Form = {};
    for (const control of all<HTMLInputElement>("[data-name]", this.root)) {
      const name = control.dataset["name"] ?? "";
      const value = control.type === "checkbox" ? (control.checked ? "on" : "") : control.value;
      const chosen = name.endsWith("_text") && this.input(name.replace("_text", "")).value !== "";
      if (value !== "" && !chosen) form[name] = value;
    }
    return form;
  }

  write(form: Form): void {
    for (const control of all<HTMLInputElement>("[data-name]", this.root)) {
      const name = control.dataset["name"] ?? "";
      if (control === document.activeElement && control.value !== "" && control.value !== (form[name] ?? "")) continue;
      if (control.type === "checkbox") control.checked = form[name] === "on";
      else if (control.tagName === "SELECT") control.value = form[name] ?? control.value;
      else control.value = form[name] ?? "";
    }
  }

  /** Go to the next field, as Enter does. */
  next(from: HTMLElement): void {
    const fields = all<HTMLElement>("input:not([type=hidden]):not([type=file]), select, textarea, [data-part=send-button]", this.part("form")).filter(
      (element) => element.offsetParent !== null,
    );
    fields[fields.indexOf(from) + 1]?.focus();
  }

  fault(faults: Record<string, string>): void {
    for (const old of all(".fault", this.part("form"))) old.remove();
    for (const control of all("[aria-invalid]", this.part("form"))) control.removeAttribute("aria-invalid");
    for (const [name, words] of Object.entries(faults)) {
      const control =
        this.root.querySelector<HTMLElement>(`[data-combo="${name}"]`) ?? this.root.querySelector<HTMLElement>(`[data-name="${name}"]`);
      if (!control) {
        toast(words, "bad");
        continue;
      }
      const id = `f${this.number}-${name}-fault`;
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", id);
      control.closest(".field")?.append(h("span", { class: "fault", id }, words));
    }
    const first = this.part("form").querySelector<HTMLElement>("[aria-invalid=true]");
    if (first) focusQuietly(first);
  }

  unfault(control: HTMLElement): void {
    if (!control.hasAttribute("aria-invalid")) return;
    control.removeAttribute("aria-invalid");
    control.closest(".field")?.querySelector(".fault")?.remove();
  }

  /** Join labels and controls. */
  private label(): void {
    for (const label of all("[data-for]", this.root)) {
      const name = label.dataset["for"] ?? "";
      const control = this.root.querySelector<HTMLElement>(`[data-combo="${name}"]`) ?? this.root.querySelector<HTMLElement>(`[data-name="${name}"]`);
      if (!control) continue;
      control.id = `f${this.number}-${name}`;
      label.setAttribute("for", control.id);
      if (label.classList.contains("need")) control.setAttribute("aria-required", "true");
    }
  }
}

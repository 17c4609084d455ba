// What is chosen from lists, without diacritics: type, field, unit, ground, a known sender.

import { Combo, type Option } from "../lib/combo";
import { all, fill, h } from "../lib/dom";
import { rank } from "../lib/fold";
import { ask } from "../lib/http";
import { t } from "../lib/i18n";
import type { Fields } from "./fields";
import type { Outcome } from "./filing";
import type { Contact, Person, Rules } from "./types";

export interface ChoicesHost {
  hotline: string;
  /** Who is known by the caller's number. */
  contacts(): Contact[];
  changed(): void;
}

const COMBOS = ["type", "field", "unit", "ground"] as const;
type ComboName = (typeof COMBOS)[number];

export class Choices {
  private rules: Rules | null = null;
  private focal: { unit: string; person: Person | null } | null = null;

  constructor(
    private readonly fields: Fields,
    private readonly host: ChoicesHost,
  ) {
    this.combos();
  }

  /** What the hotline's law lets one choose. */
  take(rules: Rules | null): void {
    this.rules = rules;
    this.fields.part("confidential").hidden = !rules?.confidentiality;
    for (const button of all<HTMLButtonElement>("[data-deed=outcome-refer]", this.fields.root)) {
      button.disabled = rules !== null && !rules.refers;
      button.title = button.disabled ? t("Quy chế của đường dây này chưa có trong hệ thống; chưa chuyển được.") : "";
    }
    this.show();
  }

  /** Write the names of what the hidden ids stand for. */
  show(): void {
    const names: Record<ComboName, (id: string) => string | undefined> = {
      type: (id) => this.rules?.types.find(({ code }) => code === id)?.name,
      field: (id) => this.rules?.fields.find((field) => field.id === id)?.name,
      unit: (id) => this.unitName(id),
      ground: (id) => this.rules?.grounds.find(({ code }) => code === id)?.name,
    };
    for (const name of COMBOS) {
      const id = this.fields.input(name).value;
      const words = id ? names[name](id) : undefined;
      if (words) this.fields.input(`${name}_text`).value = words;
    }
    const unit = this.fields.input("unit").value;
    if (unit) void this.showFocal(unit);
  }

  set(name: ComboName, option: Option<string> | null): void {
    this.fields.input(name).value = option?.value ?? "";
    if (option) {
      this.fields.input(`${name}_text`).value = option.text;
      this.fields.unfault(this.fields.input(`${name}_text`));
    }
    if (name === "unit") {
      this.fields.input("unit").value = option?.value ?? "";
      if (option) void this.showFocal(option.value);
      else fill(this.fields.part("focal"), "–");
    }
    if (name === "ground" && option) {
      const guidance = this.rules?.grounds.find(({ code }) => code === option.value)?.guidance ?? "";
      const area = this.fields.input("guidance");
      if (guidance && (area.value === "" || area.dataset["given"] === area.value)) {
        area.value = guidance;
        area.dataset["given"] = guidance;
      }
    }
    this.host.changed();
  }

  /** The ground of state secrets, in regulations that have one. */
  secretGround(): Option<string> | null {
    const ground = this.rules?.grounds.find(({ code }) => code.endsWith("state_secret"));
    return ground ? { value: ground.code, text: ground.name } : null;
  }

  proposeUnit(): void {
    if (this.fields.input("unit").value) return;
    const unit = this.chosen();
    if (unit) this.set("unit", { value: unit.id, text: unit.name });
  }

  /** The unit that was chosen, else the field's, else the type's (CT-3.5, CT-4.2). */
  chosen(): { id: string; name: string } | null {
    const rules = this.rules;
    const id =
      this.fields.input("unit").value ||
      rules?.fields.find((field) => field.id === this.fields.input("field").value)?.unit ||
      rules?.types.find(({ code }) => code === this.fields.input("type").value)?.unit;
    return id ? { id, name: this.unitName(id) ?? "" } : null;
  }

  unitName(id: string | null): string | undefined {
    return this.rules?.units.find((unit) => unit.id === id)?.name;
  }

  /** What an outcome still needs: name -> words. */
  lacking(outcome: Outcome): Record<string, string> {
    const needed = outcome === "refuse" ? ["ground", "guidance"] : [...(this.rules?.required ?? ["type", "content"])];
    if (outcome === "answer") needed.push("direct_answer");
    if (outcome === "refer") needed.push("unit");
    const faults: Record<string, string> = {};
    for (const name of needed) {
      const unknown = COMBOS.includes(name as ComboName) && this.fields.value(name) === "" && this.fields.value(`${name}_text`) !== "";
      if (this.fields.value(name).trim() === "") faults[name] = unknown ? t("Hãy chọn trong danh sách.") : t("Cần nhập mục này.");
    }
    return faults;
  }

  private takeContact(contact: Contact): void {
    this.fields.input("contact").value = contact.id;
    this.fields.input("sender_name").value = contact.name;
    if (contact.address) this.fields.input("sender_address").value = contact.address;
    if (contact.email) this.fields.input("sender_email").value = contact.email;
    if (contact.phone && !this.fields.value("sender_phone")) this.fields.input("sender_phone").value = contact.phone;
    this.fields.input("sender_kind").value = contact.kind === "organisation" ? "organisation" : "person";
    this.host.changed();
    this.fields.next(this.fields.input("sender_name"));
  }

  private contactOption(contact: Contact): Option<Contact> {
    return { value: contact, text: contact.name, detail: [contact.phone, contact.address].filter(Boolean).join(" · ") };
  }

  private async showFocal(unit: string): Promise<void> {
    if (this.focal?.unit !== unit) {
      const answer = await ask<{ person: Person | null }>("GET", `/console/hotlines/${this.host.hotline}/focal-point?unit=${encodeURIComponent(unit)}`);
      if (!answer.ok) return;
      this.focal = { unit, person: answer.data.person };
    }
    const person = this.focal.person;
    fill(
      this.fields.part("focal"),
      person ? h("span", {}, h("b", {}, person.name), " ", h("span", { class: "num" }, person.mobile || person.phone)) : h("span", { class: "mark warn" }, t("Đơn vị chưa có đầu mối")),
    );
  }

  private combos(): void {
    const local = (name: ComboName, options: () => Option<string>[], eager: boolean): void => {
      const input = this.fields.input(`${name}_text`);
      new Combo<string>(input, {
        eager,
        first: true,
        nothing: t("Không có trong danh mục"),
        find: (typed) => rank(typed, options(), (option) => `${option.text} ${option.detail ?? ""}`),
        pick: (option) => {
          this.set(name, option);
          this.fields.next(input);
        },
        typed: () => this.set(name, null),
      });
      input.addEventListener("focus", () => input.select());
    };
    local("type", () => (this.rules?.types ?? []).map(({ code, name }) => ({ value: code, text: name })), true);
    local("field", () => (this.rules?.fields ?? []).map(({ id, name, also, unit }) => ({ value: id, text: name, detail: also || this.unitName(unit) || "" })), true);
    local("unit", () => (this.rules?.units ?? []).filter(({ handles }) => handles).map(({ id, name, also }) => ({ value: id, text: name, detail: also })), false);
    local("ground", () => (this.rules?.grounds ?? []).map(({ code, name }) => ({ value: code, text: name })), true);
    new Combo<Contact>(this.fields.input("sender_name"), {
      find: async (typed) => {
        const near = this.host.contacts().map((contact) => this.contactOption(contact));
        if (typed.length < 2) return near;
        const answer = await ask<{ items: Contact[] }>("GET", `/console/hotlines/${this.host.hotline}/contacts?q=${encodeURIComponent(typed)}`);
        const found = answer.ok ? answer.data.items.map((contact) => this.contactOption(contact)) : [];
        const ids = new Set(found.map(({ value }) => value.id));
        return [...rank(typed, near, ({ text }) => text).filter(({ value }) => !ids.has(value.id)), ...found];
      },
      pick: ({ value }) => this.takeContact(value),
      typed: () => {
        this.fields.input("contact").value = "";
      },
    });
  }
}

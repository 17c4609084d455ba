// What the service says to the console (web/console/shape.py says the same in Python).

export type CallerKind =
  | "mobile" | "landline" | "foreign" | "short" | "extension" | "emergency" | "anonymous" | "malformed";

export interface Card {
  id: string;
  version: number;
  hotline: string;
  direction: "inbound" | "outbound";
  caller: { kind: CallerKind; national: string; e164: string | null; raw: string; name: string };
  called: string;
  /** What the caller chose in the menus. */
  chosen: {
    field: string;
    skill: string;
    priority: number;
    language: string;
    /** The call that was cut off a moment ago: why this one comes first. */
    after: string;
    cut_off_at: string | null;
  } | null;
  started_at: string;
  queued_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  state: "ivr" | "queued" | "answered" | "held" | "transferring" | "ended";
  outcome: string | null;
  ticket: string | null;
  /** My phone rings for it. */
  ringing: boolean;
  /** I talk, or talked last, with the caller. */
  mine: boolean;
}

/** How the recording of a live call stands; what is not told of is being recorded. */
export interface Kept {
  call: string;
  keeping: "on" | "paused" | "stopped";
  since: string;
  by: string;
}

export interface Transfer {
  id: string;
  call: string;
  kind: "warm" | "blind" | "three_way";
  state: "starting" | "ringing" | "answered" | "accepted" | "completed" | "returned" | "cancelled" | "abandoned";
  joined: boolean;
  reason: string | null;
  detail: string;
  person: string;
  unit: string;
  number: string;
  started_at: string;
  answered_at: string | null;
  ended_at: string | null;
}

export interface Me {
  state: "signed_off" | "ready" | "ringing" | "talking" | "wrap_up" | "paused";
  reason: string;
  since: string;
  until: string | null;
  device: "web" | "desk";
  extension: string | null;
  hotlines: string[];
  next_pause: string;
  phone: boolean;
}

export interface Queue {
  hotline: string;
  waiting: number;
  longest_since: string | null;
  ready: number;
  talking: number;
}

export interface Hotline {
  id: string;
  name: string;
  title: string;
  number: string;
  typed_numbers: boolean;
  pauses: { code: string; name: string }[];
}

export interface Setup {
  account: string;
  name: string;
  extension: string | null;
  hotlines: Hotline[];
  channels: { code: string; name: string }[];
}

export interface FieldChoice {
  id: string;
  name: string;
  also: string;
  unit: string | null;
}

export interface UnitChoice {
  id: string;
  name: string;
  also: string;
  handles: boolean;
}

export interface Rules {
  procedure: string | null;
  refers: boolean;
  types: { code: string; name: string; unit: string | null }[];
  grounds: { code: string; name: string; guidance: string }[];
  required: string[];
  confidentiality: boolean;
  fields: FieldChoice[];
  units: UnitChoice[];
}

export interface Contact {
  id: string;
  kind: string;
  name: string;
  address: string;
  email: string;
  phone: string;
}

export interface TicketLine {
  id: string;
  number: string | null;
  state: string;
  type: string;
  field: string;
  unit: string;
  content: string;
  sender: string;
  at: string;
  due_at: string | null;
  overdue: boolean;
}

export interface CallLine {
  id: string;
  at: string;
  direction: Card["direction"];
  outcome: string;
  operator: string;
  ticket: string | null;
}

export interface About {
  contacts: Contact[];
  open: TicketLine[];
  earlier: TicketLine[];
  calls: CallLine[];
  /** The ticket, also a draft, of the call that was cut off. */
  cut_off: TicketLine | null;
  transfers: Transfer[];
}

export interface Person {
  id: string;
  name: string;
  title: string;
  unit: string;
  unit_id: string;
  role: string;
  phone: string;
  mobile: string;
}

export type Form = Record<string, string>;

export interface Attachment {
  id: string;
  name: string;
  bytes: number;
}

export interface Ticket {
  id: string;
  hotline: string;
  number: string | null;
  code: string;
  state: "draft" | "open" | "answered" | "closed" | "rejected";
  channel: string;
  call: string | null;
  form: Form;
  revision: number;
  files: Attachment[];
  due_at: string | null;
  due_words: string;
  overdue: boolean;
  unit: string;
  person: string;
  stage: string | null;
  late: boolean;
  message: { purpose: string; state: string } | null;
  notes: { at: string; text: string }[];
}

// The service's time (it may differ from this machine's), shown as Vietnam has it.

let skew = 0;

/** Note what time the service has now. */
export function setServerNow(iso: string): void {
  skew = Date.parse(iso) - Date.now();
}

export function now(): number {
  return Date.now() + skew;
}

const zone = "Asia/Ho_Chi_Minh";
const clock = new Intl.DateTimeFormat("vi-VN", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const short = new Intl.DateTimeFormat("vi-VN", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat("vi-VN", { timeZone: zone, day: "2-digit", month: "2-digit", year: "numeric" });

/** 10:32:05 */
export function clockTime(at: number): string {
  return clock.format(at);
}

/** 10:32 today, 10:32 25/11/2026 else. */
export function moment(iso: string | null | undefined): string {
  if (!iso) return "";
  const at = Date.parse(iso);
  const day = date.format(at);
  return day === date.format(now()) ? short.format(at) : `${short.format(at)} ${day}`;
}

/** 0:07, 12:05, 1:02:07 since a moment, or until one; never negative. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function since(iso: string | null | undefined): string {
  return iso ? span(now() - Date.parse(iso)) : "";
}

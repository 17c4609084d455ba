// Asking the server: JSON in both directions, the CSRF token on what writes, refusals as values.

export interface Refusal {
  code: string;
  message: string;
  fields: Record<string, string>;
}

export type Answer<T> =
  | { ok: true; status: number; data: T }
  | { ok: false; status: number; refusal: Refusal };

export function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** Ask; a network that is gone and a server that is away are refusals too (status 0). */
export async function ask<T>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf();
  if (body instanceof FormData) {
    init.body = body;
  } else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  if (signal) init.signal = signal;
  try {
    const response = await fetch(path, init);
    const data: unknown = response.status === 204 ? null : await response.json();
    return response.ok
      ? { ok: true, status: response.status, data: data as T }
      : { ok: false, status: response.status, refusal: data as Refusal };
  } catch (error) {
    const aborted = error instanceof DOMException && error.name === "AbortError";
    return {
      ok: false,
      status: 0,
      refusal: { code: aborted ? "aborted" : "unreachable", message: "", fields: {} },
    };
  }
}

/** Whether trying again later is sensible: nothing is wrong with what was asked. */
export function isAway(answer: Answer<unknown>): boolean {
  return !answer.ok && (answer.status === 0 || answer.status >= 500);
}

// Calls of /api/v1. An answer that is no success becomes a Problem (RFC 9457).
import { signal } from "@preact/signals";

export interface Me {
  name: string;
  kind: string;
  role: Role;
  csrf?: string;
  environments?: { id: string; name: string; role: Role }[];
  version?: string;
  lastVisit?: string | null;
}
export type Role = "none" | "reader" | "admin" | "owner";

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string) {
    super(detail);
  }
  /** The field of a form that the server names: "/name: is missing" gives "name". */
  get field(): string | null {
    return /^\/([\w/]+):/.exec(this.message)?.[1] ?? null;
  }
  /** What is wrong, without the name of the field. */
  get text(): string {
    return this.message.replace(/^\/[\w/]+: /, "");
  }
}

/** undefined: not asked yet; null: nobody is logged in. */
export const me = signal<Me | null | undefined>(undefined);
/** GUID of the environment that the pages are about; "" where the server does not tell of any. environment.ts sets it. */
export const environment = signal("");

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Path below /api/v1 with a query; members without a value are left out. */
export function at(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** The same, about the environment that is chosen. */
export function inside(path: string, query: Query = {}): string {
  return at(path, { ...query, environment: environment.value });
}

export const segment = encodeURIComponent;

async function problemOf(response: Response): Promise<Problem> {
  let code = "", detail = "";
  try {
    const body = await response.json();
    code = String(body.code ?? "");
    detail = String(body.detail ?? "");
  } catch {
    // No body, or none of ours: the status has to do.
  }
  return new Problem(response.status, code, detail || `the server answered ${response.status} ${response.statusText}`.trim());
}

export async function call<T = unknown>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && me.value?.csrf) headers["X-Vallum-CSRF"] = me.value.csrf;
  let response: Response;
  try {
    response = await fetch("/api/v1" + path, {
      method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin", cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "unreachable", "the server does not answer");
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && path !== "/login") me.value = null;
    throw problem;
  }
  if (response.status === 204 || response.status === 202 && response.headers.get("Content-Length") === "0") return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal);

const STORED = "vallum.environment";

/** The environment that was looked at last in this browser. */
export const chosen = () => localStorage.getItem(STORED);
export const remember = (id: string) => localStorage.setItem(STORED, id);

/** Asks who is logged in, and which environments there are. */
export async function loadMe(): Promise<void> {
  try {
    const who = await get<Me>("/me");
    // A server that does not name them here lists them.
    who.environments ??= await get<{ items: NonNullable<Me["environments"]> }>("/environments").then((l) => l.items, () => []);
    me.value = who;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) me.value = null;
    else throw error;
  }
}

export async function login(name: string, password: string): Promise<void> {
  await call("POST", "/login", { name, password, session: true });
  await loadMe();
}

export async function logout(): Promise<void> {
  try {
    await call("POST", "/logout");
  } finally {
    me.value = null;
  }
}

const ORDER: Role[] = ["none", "reader", "admin", "owner"];

/** Whether the caller may do what needs this role, in the environment that is chosen. */
export function may(role: Role): boolean {
  const who = me.value;
  if (!who) return false;
  const here = who.environments?.find((e) => e.id === environment.value)?.role;
  return Math.max(ORDER.indexOf(who.role), ORDER.indexOf(here ?? "none")) >= ORDER.indexOf(role);
}

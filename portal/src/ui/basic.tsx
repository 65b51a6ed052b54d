// Small things that all pages are made of.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Data } from "../data";
import type { Problem } from "../api";
import { SEVERITIES, type Counts, type Severity } from "../types";
import { absolute, ago, number } from "../text";

/** A severity is told by a word and by bars; colour only helps. */
export function SeverityMark({ of, count }: { of: string | null; count?: number }) {
  const known = (SEVERITIES as readonly string[]).includes(of ?? "") ? (of as Severity) : of === "informational" ? "low" : "unknown";
  const bars = { critical: 4, high: 3, medium: 2, low: 1, unknown: 0 }[known];
  return (
    <span class={`severity ${known}`}>
      <svg viewBox="0 0 15 12" width="15" height="12" aria-hidden="true">
        {[0, 1, 2, 3].map((i) => (
          <rect key={i} x={i * 4} y={9 - i * 3} width="3" height={3 + i * 3} class={i < bars ? "full" : "empty"} />
        ))}
      </svg>
      {count !== undefined && <b>{number(count)}</b>} {of ?? "unknown"}
    </span>
  );
}

/** How many of each severity; what is zero is left out, nothing at all is said. */
export function CountsLine({ counts, none = "none" }: { counts: Counts | null | undefined; none?: string }) {
  if (!counts) return <span class="muted">not assessed</span>;
  const there = SEVERITIES.filter((s) => (counts[s] ?? 0) > 0);
  if (there.length === 0) return <span class="muted">{none}</span>;
  return (
    <span class="counts">
      {there.map((s) => (
        <SeverityMark key={s} of={s} count={counts[s] ?? 0} />
      ))}
    </span>
  );
}

export function Time({ at, none = "never" }: { at: string | null | undefined; none?: string }) {
  if (!at) return <span class="muted">{none}</span>;
  return (
    <time dateTime={at} title={absolute(at)}>
      {ago(at)}
    </time>
  );
}

type Tone = "good" | "bad" | "warn" | "plain" | "busy";
const SIGNS: Record<Tone, string> = { good: "✓", bad: "✕", warn: "!", plain: "–", busy: "…" };

/** A state in words, with a sign before it. */
export function State({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`state ${tone}`}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  );
}

const IMAGE_TONES: Record<string, Tone> = { Completed: "good", "Scan error": "bad", "Scan in progress": "busy", Unscanned: "plain" };
export const imageTone = (state: string): Tone => IMAGE_TONES[state] ?? "plain";

/** A command to copy; the only thing of the page that is meant for a terminal. */
export function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    }, () => undefined);
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="quiet" onClick={copy} aria-label={`Copy the command ${text}`}>
        <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
      </button>
    </span>
  );
}

/** Where there is nothing: why, and what one can do. */
export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <p class="nothing-title">{title}</p>
      {children}
    </div>
  );
}

function reason(problem: Problem): string {
  if (problem.status === 0) return "The server does not answer. It is asked again as soon as it tells of something, or by the button.";
  if (problem.status === 403) return "Your role does not allow this here. An owner can change it under Users and tokens.";
  if (problem.status === 404) return "It is not there, or not for you to see.";
  if (problem.status === 503) return "The server is busy, or its database does not answer. It is worth another try.";
  if (problem.status === 507) return "The server's disk is full: nothing can be stored until there is room. What was stored is there, and can be read.";
  if (problem.status >= 500) return "Something went wrong inside the server; its log says what.";
  return "The server did not take the request.";
}

export function Failure({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="failure" role="alert">
      <p class="failure-title">This could not be shown</p>
      <p>{reason(problem)}</p>
      <p class="muted">
        {problem.status ? `${problem.status}: ` : ""}
        {problem.message}
      </p>
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

interface ShownProps<T> {
  data: Data<T>;
  children: (value: T) => ComponentChildren;
  lines?: number;
  title?: string; // heading of a page that has none of its own before the value is there
}

/** Shows what `data` has: a place-holder at first, then the value, or what went wrong. */
export function Shown<T>({ data, children, lines = 4, title }: ShownProps<T>) {
  const head = title && <h1>{title}</h1>;
  if (data.value !== undefined) {
    return (
      <div class={data.busy ? "shown busy" : "shown"}>
        {data.error && <Failure problem={data.error} again={data.again} />}
        {children(data.value)}
      </div>
    );
  }
  if (data.error) return <>{head}<Failure problem={data.error} again={data.again} /></>;
  return (
    <>
      {head}
      <div class="loading" role="status">
        <span class="hidden">Loading</span>
        {Array.from({ length: lines }, (_, i) => (
          <div key={i} class="loading-line" />
        ))}
      </div>
    </>
  );
}

export function Card({ title, children, actions, id }: { title: string; children: ComponentChildren; actions?: ComponentChildren; id: string }) {
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {rows.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Text that stands for a value nobody knows yet. */
export const Unknown = ({ why }: { why: string }) => <span class="muted">unknown: {why}</span>;

/** An Azure-like resource id: its end tells people enough, the whole is there for who points at it. */
export function ResourceId({ id }: { id: string }) {
  const parts = id.split("/").filter(Boolean);
  return <code title={id}>{parts.length > 2 ? `…/${parts.slice(-2).map(decode).join("/")}` : id}</code>;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

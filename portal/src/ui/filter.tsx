// Filters write into the address, and the list follows the address.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asked, go, withQuery } from "../router";
import type { Options } from "./form";

export function Filters({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <form class="filters" role="search" aria-label={label} onSubmit={(e) => e.preventDefault()}>
      {children}
    </form>
  );
}

export function FilterSelect({ name, label, options }: { name: string; label: string; options: Options }) {
  return (
    <label>
      {label}
      <select value={asked(name)} onChange={(e) => go(withQuery({ [name]: e.currentTarget.value }))}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function FilterCheck({ name, label }: { name: string; label: string }) {
  return (
    <label class="check">
      <input type="checkbox" checked={asked(name) === "true"} onChange={(e) => go(withQuery({ [name]: e.currentTarget.checked ? "true" : null }))} />
      {label}
    </label>
  );
}

const WAIT = 350; // ms after the last key

export function FilterSearch({ name, label, placeholder }: { name: string; label: string; placeholder?: string }) {
  const there = asked(name);
  const [text, setText] = useState(there);
  useEffect(() => setText(there), [there]);
  useEffect(() => {
    if (text === there) return;
    const timer = setTimeout(() => go(withQuery({ [name]: text.trim() }), true), WAIT);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label>
      {label}
      <input type="search" value={text} placeholder={placeholder} spellcheck={false} onInput={(e) => setText(e.currentTarget.value)} />
    </label>
  );
}

export const SEVERITY_OPTIONS: Options = [["", "Any"], ["critical", "Critical"], ["high", "High"], ["medium", "Medium"], ["low", "Low"], ["unknown", "Unknown"]];

/** Tabs are links: each has an address, and goes back with the browser's button. */
export function Tabs({ label, tabs, current }: { label: string; tabs: Options; current: string }) {
  return (
    <nav aria-label={label}>
      <ul class="tabs">
        {tabs.map(([id, title], i) => (
          <li key={id}>
            <a href={withQuery({ tab: i === 0 ? null : id }, ["environment"])} aria-current={id === current ? "page" : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export function Crumb({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <p class="crumbs">
      <a href={href}>← {children}</a>
    </p>
  );
}

/** Links out of advisories are a stranger's text: only the web, and nothing of ours goes with them. */
export function Outside({ href, children }: { href: string; children?: ComponentChildren }) {
  if (!/^https?:\/\//i.test(href)) return <code>{href}</code>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener external">
      {children ?? href}
    </a>
  );
}

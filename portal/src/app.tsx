// The frame around every page: where one is, who one is, whether what is seen is live.
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { environment, logout, me } from "./api";
import { choose, unseen } from "./environment";
import { live } from "./live";
import { LoginPage, pages, type Page } from "./pages";
import { place } from "./router";
import { setTheme, theme, type Theme } from "./theme";
import { Nothing } from "./ui/basic";

const LIVE = {
  on: ["good", "Live", "Pages follow what happens"],
  waiting: ["warn", "Not live", "The connection is made again; pages may be older than they look"],
  off: ["plain", "Connecting", ""],
} as const;

function LiveMark() {
  const [tone, word, why] = LIVE[live.value];
  return (
    <span class={`live ${tone}`} role="status" title={why}>
      <span aria-hidden="true">●</span> {word}
    </span>
  );
}

function EnvironmentChoice() {
  const all = me.value?.environments ?? [];
  if (all.length < 2) return all[0] ? <span class="environment">{all[0].name}</span> : null;
  return (
    <label class="environment">
      <span class="hidden">Environment</span>
      <select value={environment.value} onChange={(e) => choose(e.currentTarget.value)}>
        {unseen.value && <option value="">choose one</option>}
        {all.map((e) => (
          <option key={e.id} value={e.id}>
            {e.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ThemeChoice() {
  return (
    <label>
      <span class="hidden">Colours</span>
      <select value={theme.value} onChange={(e) => setTheme(e.currentTarget.value as Theme)}>
        <option value="auto">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

function Navigation({ current }: { current: string }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [current]);
  return (
    <nav class="navigation" aria-label="Pages">
      <button type="button" class="menu" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
        Menu
      </button>
      <ul id="menu" class={open ? "open" : ""}>
        {pages.filter((p) => p.menu).map((p) => (
          <li key={p.path}>
            <a href={p.path ? `/ui/${p.path}` : "/ui/"} aria-current={p.path === current ? "page" : undefined}>
              {p.title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** After a change of page the heading has the focus: readers begin there. */
function useArrival(title: string, path: string) {
  const first = useRef(true);
  useEffect(() => {
    document.title = title ? `${title} · Vallum` : "Vallum";
    if (first.current) {
      first.current = false;
      return;
    }
    const heading = document.querySelector<HTMLElement>("main h1");
    if (heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }, [path]);
}

function NoPage() {
  return (
    <>
      <h1>There is no such page</h1>
      <Nothing title="The address leads nowhere">
        <p>
          <a href="/ui/">Back to the overview</a>
        </p>
      </Nothing>
    </>
  );
}

/** The address names an environment that is not there, or not for who asks: which of the two, the page does not know either. */
function NoEnvironment() {
  const open = me.value?.environments ?? [];
  return (
    <>
      <h1>This environment is not for you to see</h1>
      <Nothing title="The address names an environment that does not exist, or in which you have no role">
        <p>Who sent you the link can tell you who gives roles there: an owner does, under Users and tokens.</p>
        {open.length > 0 ? (
          <p>
            Yours:{" "}
            {open.map((e, i) => (
              <span key={e.id}>
                {i > 0 && ", "}
                <a href={`/ui/?environment=${e.id}`}>{e.name}</a>
              </span>
            ))}
          </p>
        ) : (
          <p>You have no role in any environment yet.</p>
        )}
      </Nothing>
    </>
  );
}

function Frame({ page, children }: { page: Page | undefined; children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href="/ui/">
          Vallum
        </a>
        <EnvironmentChoice />
        <LiveMark />
        <span class="space" />
        <ThemeChoice />
        <span class="who" title={`Role: ${me.value?.role ?? ""}`}>
          {me.value?.name}
        </span>
        <button type="button" class="quiet" onClick={() => void logout()}>
          Log out
        </button>
      </header>
      <Navigation current={page?.path ?? ""} />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer class="muted small">
        Vallum {me.value?.version ?? ""} · <a href={LICENCES}>Notices</a> · <a href="/api/v1/openapi.json">API</a>
      </footer>
    </>
  );
}

export function App() {
  const { path } = place.value;
  const page = pages.find((p) => p.path === (path[0] ?? ""));
  const lost = unseen.value !== "";
  useArrival(lost ? "No such environment" : me.value ? (page?.title ?? "No such page") : "Log in", path.join("/") + unseen.value);
  if (!me.value) return <LoginPage />;
  const Show: ComponentType | undefined = page?.show;
  return (
    <Frame page={page}>
      {lost ? <NoEnvironment /> : Show ? <Show key={`${environment.value}/${path.join("/")}`} /> : <NoPage />}
    </Frame>
  );
}

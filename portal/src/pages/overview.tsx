import { inside } from "../api";
import { useData } from "../data";
import { many, number, percent, sentence } from "../text";
import { Card, Command, Nothing, SeverityMark, Shown, Time, Unknown } from "../ui/basic";
import { Sparkline } from "../ui/sparkline";

interface Overview {
  doNext: { kind: string; title: string; why: string[]; severity: string | null; kev: number | boolean | null; fixable: number | boolean | null; running: number | null; link: string | null;
    image?: { digest: string; registry: string; repository: string; tags: string[]; tagCount: number } | null; fix?: string | null; command?: string | null }[];
  cannotSee: { what: string; why: string; cure: string | null }[];
  newSince: { since: string | null; findings: number; critical: number; images: number; alerts: number } | null;
  score: { current: number; max: number; percentage: number; assessedPoints: number | null; of: number | null; text?: string | null; trend: { day: string; percentage: number | null }[] } | null;
  images: { total: number; unscanned: number; inProgress: number; error: number; completed: number } | null;
  registries: number;
}

/** A link of the server's points into the portal, or it is none. */
function inner(link: string | null): string | null {
  if (!link) return null;
  if (link.startsWith("/ui")) return link;
  if (link === "/base-images") return "/ui/inventory?tab=bases";
  return link.startsWith("/") ? "/ui" + link : null;
}

function DoNext({ rows, registries }: { rows: Overview["doNext"]; registries: number }) {
  if (rows.length === 0) {
    return registries === 0 ? (
      <Nothing title="Nothing is connected yet">
        <p>
          Vallum watches registries. <a href="/ui/registries/add">Connect the first one</a>, and its images appear here by themselves.
        </p>
      </Nothing>
    ) : (
      <Nothing title="Nothing that has to be done first">
        <p>No image that was assessed has a finding that waits. What was not assessed stands below.</p>
      </Nothing>
    );
  }
  return (
    <ol class="donext">
      {rows.slice(0, 5).map((row, i) => {
        const link = inner(row.link);
        return (
          <li key={`${row.kind}${row.title}${i}`}>
            <div class="donext-head">
              {link ? <a href={link}>{row.title}</a> : <b>{row.title}</b>}
              {row.severity && <SeverityMark of={row.severity} />}
            </div>
            {row.image && (row.image.tagCount > 1 || row.image.tags.length === 0) && (
              <p class="small">{row.image.tags.length === 0 ? "no tag names it" : `also ${row.image.tags.slice(1).join(", ")}${row.image.tagCount > row.image.tags.length ? ` and ${number(row.image.tagCount - row.image.tags.length)} more tags` : ""}`}</p>
            )}
            <p class="muted">{row.why.join(" · ")}</p>
            {row.fix ? (
              <p class="donext-fix">
                <b>Fix:</b> {row.fix}. {row.command && <Command text={row.command} />}
              </p>
            ) : row.kind === "image" && <p class="muted small">No fix is known yet: exempt it where something else prevents it, or build without it.</p>}
          </li>
        );
      })}
    </ol>
  );
}

function CannotSee({ rows }: { rows: Overview["cannotSee"] }) {
  if (rows.length === 0) return <p>Everything that this release knows of is connected and has data.</p>;
  return (
    <ul class="cannotsee">
      {rows.map((row) => (
        <li key={row.what + row.why}>
          <b>{sentence(row.what)}</b>
          <span class="muted"> {row.why}</span>
          {row.cure && (
            <div>
              <Command text={row.cure} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function NewSince({ of }: { of: Overview["newSince"] }) {
  if (!of?.since) return <p>This is your first visit: from now on, what is new since the last one stands here.</p>;
  return (
    <>
      <p class="muted">
        since <Time at={of.since} />
        {of.findings + of.images + of.alerts === 0 && ": nothing new"}
      </p>
      <ul class="stats">
        <li>
          <b>{number(of.findings)}</b> {of.findings === 1 ? "finding" : "findings"}
        </li>
        <li>
          <b>{number(of.critical)}</b> of them critical
        </li>
        <li>
          <b>{number(of.images)}</b> {of.images === 1 ? "image" : "images"}
        </li>
        <li>
          <a href="/ui/alerts">
            <b>{number(of.alerts)}</b> {of.alerts === 1 ? "alert" : "alerts"}
          </a>
        </li>
      </ul>
    </>
  );
}

function Score({ of }: { of: Overview["score"] }) {
  if (!of || !of.max) {
    return (
      <p>
        <Unknown why="nothing that counts has been assessed yet" />
        {of?.text && <span class="muted"> ({of.text})</span>}
      </p>
    );
  }
  const trend = (of.trend ?? []).map((t) => t.percentage).filter((p) => p !== null);
  const first = trend[0] ?? 0, last = trend[trend.length - 1] ?? 0, change = last - first;
  const shown = percent(of.percentage);
  return (
    <div class="score">
      <p class="score-value">
        <b>{shown}</b>
        <span class="muted">
          {" "}
          {number(of.current)} of {number(of.max)} points
        </span>
      </p>
      {trend.length > 1 && (
        <Sparkline points={trend} label={`Score over ${trend.length} days: from ${percent(first)} to ${percent(last)}`} />
      )}
      <p class="muted">
        {trend.length > 1 && `${change >= 0 ? "up" : "down"} ${percent(Math.abs(change))} in ${many(trend.length, "day")}. `}
        {of.text ?? (of.of ? `Rests on ${number(of.assessedPoints ?? 0)} of ${number(of.of)} points; the others are not assessed.` : "")}
      </p>
      <p>
        <a href="/ui/recommendations">What would raise it</a>
      </p>
    </div>
  );
}

function Images({ of }: { of: Overview["images"] }) {
  if (!of) return null;
  const states: [string, number, string][] = [
    ["completed", of.completed, "Completed"], ["in progress", of.inProgress, "Scan in progress"], ["unscanned", of.unscanned, "Unscanned"],
    ["with a scan error", of.error, "Scan error"]];
  return (
    <ul class="stats" aria-live="polite">
      {states.map(([word, n, state]) => (
        <li key={word}>
          <a href={`/ui/images?state=${encodeURIComponent(state)}`}>
            <b>{number(n)}</b> {word}
          </a>
        </li>
      ))}
    </ul>
  );
}

export function OverviewPage() {
  const data = useData<Overview>(inside("/overview"), ["image", "registry", "finding", "score", "alert", "notice", "exemption", "plan"]);
  return (
    <>
      <h1>Overview</h1>
      <Shown data={data} lines={10}>
        {(o) => (
          <div class="overview">
            <Card id="do-next" title="Do next">
              <DoNext rows={o.doNext ?? []} registries={o.registries} />
            </Card>
            <Card id="cannot-see" title="What Vallum cannot see">
              <CannotSee rows={o.cannotSee ?? []} />
            </Card>
            <Card id="new-since" title="New since your last visit">
              <NewSince of={o.newSince} />
            </Card>
            <Card id="score" title="Secure score">
              <Score of={o.score} />
            </Card>
            <Card id="images-now" title={`Images: ${number(o.images?.total ?? 0)}`}>
              <Images of={o.images} />
            </Card>
          </div>
        )}
      </Shown>
    </>
  );
}

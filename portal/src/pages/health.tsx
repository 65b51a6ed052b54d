import { call, inside, may } from "../api";
import { useData, type List } from "../data";
import { asked } from "../router";
import { bytes, day, many, number, seconds, sentence, shortDigest } from "../text";
import { Command, Facts, Nothing, SeverityMark, Shown, State, Time } from "../ui/basic";
import { Filters, FilterSelect, Tabs } from "../ui/filter";
import { ActionButton } from "../ui/form";
import { ListTable, Table } from "../ui/table";

interface Summary {
  byKind: Record<string, { waiting: number; due: number; running: number; dead: number }>;
  oldestDue: string | null;
}

interface Health {
  status: string;
  version: string;
  database: { kind: string; size: number | null } | null;
  uptimeSeconds: number;
  feeds: { name: string; date: string | null; records: number | null; stale: boolean; error: string | null }[];
  advisories: { digest: string; date: string | null; records: number | null } | null;
  jobs: Summary | null;
  outbox: { waiting: number; dead: number } | null;
  checks: { name: string; ok: boolean; message: string | null; cure: string | null }[];
}

interface Job {
  id: number;
  kind: string;
  key: string;
  state: string;
  priority: number;
  attempt: number;
  notBefore: string | null;
  added: string | null;
  error: string | null;
}

interface Message {
  id: number | string;
  channel: { id: number | string; name: string } | null;
  topic: string;
  severity: string | null;
  subject: string;
  state: string;
  created: string | null;
  attempts: number;
  nextTry: string | null;
  error: string | null;
  delivered: string | null;
}

const TABS = [["now", "Now"], ["jobs", "Jobs"], ["feeds", "Feeds"], ["outbox", "Outbox"], ["notices", "Notices"]] as const;
const TONES = { dead: "bad", waiting: "plain", running: "busy", delivered: "good", held: "warn" } as const;
const StateOf = ({ of }: { of: string }) => <State tone={TONES[of as keyof typeof TONES] ?? "plain"}>{sentence(of)}</State>;

function Queues({ of }: { of: Summary }) {
  const rows = Object.entries(of.byKind ?? {}).map(([kind, n]) => ({ kind, ...n }));
  if (rows.length === 0) return <p class="muted">No work waits.</p>;
  return (
    <Table caption="Jobs by kind" items={rows} id={(r) => r.kind} columns={[
      { name: "Kind", head: true, show: (r) => r.kind }, { name: "Running", end: true, show: (r) => number(r.running) },
      { name: "Due", end: true, show: (r) => number(r.due) }, { name: "Waiting", end: true, show: (r) => number(r.waiting) },
      { name: "Given up", end: true, show: (r) => (r.dead ? <a href="?tab=jobs&state=dead">{number(r.dead)}</a> : "0") },
    ]} />
  );
}

function Now({ h }: { h: Health }) {
  return (
    <>
      <Facts rows={[
        ["State", <State tone={h.status === "ok" ? "good" : "warn"}>{h.status === "ok" ? "all is well" : "something needs care"}</State>],
        ["Version", h.version],
        ["Database", h.database ? `${h.database.kind}${h.database.size ? `, ${bytes(h.database.size)}` : ""}` : null],
        ["Runs for", seconds(h.uptimeSeconds)],
        ["Advisory data", h.advisories ? `of ${h.advisories.date ? day(h.advisories.date) : "an unknown day"}, ${many(h.advisories.records ?? 0, "record")}` : <b>none: nothing can be assessed</b>],
        ["Messages", h.outbox ? `${number(h.outbox.waiting)} wait, ${number(h.outbox.dead)} given up` : null],
      ]} />
      <h2>Checks</h2>
      <Table caption="Checks of the server" items={h.checks ?? []} id={(c) => c.name} columns={[
        { name: "Check", head: true, show: (c) => sentence(c.name) },
        { name: "Result", show: (c) => <State tone={c.ok ? "good" : "bad"}>{c.ok ? "well" : "not well"}</State> },
        { name: "What it says", show: (c) => c.message ?? "" },
        { name: "Cure", show: (c) => (c.cure && !c.ok ? <Command text={c.cure} /> : "") },
      ]} />
      <h2>Queues</h2>
      {h.jobs && <Queues of={h.jobs} />}
    </>
  );
}

function Feeds({ h }: { h: Health }) {
  return (h.feeds ?? []).length === 0 ? (
    <Nothing title="No feed has been read">
      <p>Without advisory data nothing is assessed beyond the starter set.</p>
      <Command text="vallum db update" />
    </Nothing>
  ) : (
    <Table caption="Advisory feeds" items={h.feeds} id={(f) => f.name} columns={[
      { name: "Feed", head: true, show: (f) => f.name },
      { name: "State", show: (f) => (f.error ? <><State tone="bad">cannot be read</State><p class="small">{f.error}</p></> : f.stale ? <State tone="warn">old</State> : <State tone="good">fresh</State>) },
      { name: "Of", show: (f) => <Time at={f.date} none="unknown" /> },
      { name: "Records", end: true, show: (f) => (f.records === null || f.records === undefined ? "" : number(f.records)) },
    ]} />
  );
}

function Jobs() {
  const data = useData<List<Job>>(inside("/jobs", { state: asked("state"), cursor: asked("cursor") }), ["job", "image", "registry"]);
  return (
    <>
      <Filters label="Find jobs"><FilterSelect name="state" label="State" options={[["", "Any"], ["running", "Running"], ["waiting", "Waiting"], ["dead", "Given up"]]} /></Filters>
      <ListTable data={data} caption="Jobs" what="jobs" id={(j) => j.id} columns={[
        { name: "Job", head: true, show: (j) => <>{j.kind} <code>{j.key}</code></> },
        { name: "State", show: (j) => <><StateOf of={j.state} />{j.error && <p class="small">{j.error}</p>}</> },
        { name: "Attempts", end: true, show: (j) => number(j.attempt) },
        { name: "Added", show: (j) => <Time at={j.added} none="unknown" /> },
        { name: "Not before", show: (j) => <Time at={j.notBefore} none="" /> },
        { name: "Retry", quiet: true, show: (j) => (j.state === "dead" && may("admin") ? (
          <ActionButton work={() => call("POST", inside(`/jobs/${j.id}/retry`)).then(data.again)}>Retry</ActionButton>
        ) : "") },
      ]} empty={<Nothing title={asked("state") ? "No job is in this state" : "No job waits"} />} />
    </>
  );
}

function Outbox() {
  const data = useData<List<Message>>(inside("/outbox", { state: asked("state"), cursor: asked("cursor") }), ["channel", "notice", "job"]);
  return (
    <>
      <Filters label="Find messages"><FilterSelect name="state" label="State" options={[["", "Any"], ["waiting", "Waiting"], ["held", "Held back"], ["delivered", "Delivered"], ["dead", "Given up"]]} /></Filters>
      <ListTable data={data} caption="Messages to people" what="messages" id={(m) => m.id} columns={[
        { name: "Message", head: true, show: (m) => <>{m.subject}<p class="muted small">{topic(m.topic)}</p></> },
        { name: "Severity", show: (m) => (m.severity ? <SeverityMark of={m.severity} /> : "") },
        { name: "To", show: (m) => m.channel?.name ?? <span class="muted">the contacts</span> },
        { name: "State", show: (m) => <><StateOf of={m.state} />{m.error && <p class="small">{m.error}</p>}{m.nextTry && m.state === "waiting" && <p class="small muted">next try <Time at={m.nextTry} /></p>}</> },
        { name: "Attempts", end: true, show: (m) => number(m.attempts) },
        { name: "Made", show: (m) => <Time at={m.created} none="unknown" /> },
        { name: "Retry", quiet: true, show: (m) => (m.state === "dead" && may("admin") ? (
          <ActionButton work={() => call("POST", inside(`/outbox/${m.id}/retry`)).then(data.again)}>Retry</ActionButton>
        ) : "") },
      ]} empty={<Nothing title={asked("state") ? "No message is in this state" : "Nobody has been told anything yet"} />} />
    </>
  );
}

interface Notice {
  id: number | string;
  at: string;
  topic: string;
  severity: string | null;
  title: string;
  object: string | null;
  count: number | null;
}

/** What a notice is about, in words; the server names it by the path of its page. */
function About({ path }: { path: string }) {
  const [, page = "", thing = ""] = path.split(/[/?]/), tab = /[?&]tab=(\w+)/.exec(path)?.[1];
  const words = page === "images" ? <>Image <code title={thing}>{shortDigest(thing)}</code></> : page === "alerts" ? "The alert"
    : page === "settings" && tab ? sentence(tab) : page ? sentence(page) : path;
  return path.startsWith("/") ? <a href={"/ui" + path}>{words}</a> : <>{path}</>;
}

const TOPICS: Record<string, string> = { finding: "New findings", scan_error: "Scan error", alert: "Alert", exemption: "Exemption", digest: "The week's review", test: "Test" };
const topic = (of: string) => TOPICS[of] ?? sentence(of);

function Notices() {
  const data = useData<List<Notice>>(inside("/notices", { cursor: asked("cursor") }), ["notice"]);
  return (
    <ListTable data={data} caption="Notices: what people are told of" what="notices" id={(n) => n.id} columns={[
      { name: "Notice", head: true, show: (n) => <>{n.title}<p class="muted small">{topic(n.topic)}</p></> },
      { name: "Severity", show: (n) => (n.severity ? <SeverityMark of={n.severity} /> : "") },
      { name: "About", show: (n) => (n.object ? <About path={n.object} /> : "") },
      { name: "Times", end: true, show: (n) => (n.count ? number(n.count) : "") },
      { name: "When", show: (n) => <Time at={n.at} none="unknown" /> },
    ]} empty={<Nothing title="Nothing had to be told yet" />} />
  );
}

export function HealthPage() {
  const tab = asked("tab") || "now";
  const data = useData<Health>(inside("/health"), ["job", "registry", "channel", "notice", "image"]);
  return (
    <>
      <h1>Health</h1>
      <Tabs label="Health" tabs={TABS} current={tab} />
      {tab === "now" && <Shown data={data} lines={8}>{(h) => <Now h={h} />}</Shown>}
      {tab === "feeds" && <Shown data={data}>{(h) => <Feeds h={h} />}</Shown>}
      {tab === "jobs" && <Jobs />}
      {tab === "outbox" && <Outbox />}
      {tab === "notices" && <Notices />}
    </>
  );
}

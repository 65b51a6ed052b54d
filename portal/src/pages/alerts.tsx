import type { ComponentChildren } from "preact";
import { call, inside, may, segment } from "../api";
import { useData, type List } from "../data";
import { asked, place } from "../router";
import { sentence } from "../text";
import { Facts, Nothing, ResourceId, SeverityMark, Shown, State, Time } from "../ui/basic";
import { Crumb, Filters, FilterSelect } from "../ui/filter";
import { ActionButton } from "../ui/form";
import { ListTable } from "../ui/table";

interface Alert {
  id: string;
  type: string;
  title: string;
  severity: string;
  status: string;
  resourceId: string | null;
  simulated: boolean;
  suppressedBy: string | null;
  started: string | null;
  ended: string | null;
  created: string | null;
  changed: string | null;
}

interface AlertDetail extends Alert {
  description: string | null;
  entities: Record<string, unknown>[] | null;
  intent: string | null;
  remediation: string[] | null;
  resources: ({ azureResourceId?: string; id?: string } | string)[] | null;
}

const STATUSES = [["", "Any"], ["active", "Active"], ["in_progress", "In progress"], ["resolved", "Resolved"], ["dismissed", "Dismissed"]] as const;
const SEVERITIES = [["", "Any"], ["high", "High"], ["medium", "Medium"], ["low", "Low"], ["informational", "Informational"]] as const;
const TONES = { active: "bad", in_progress: "busy", resolved: "good", dismissed: "plain" } as const;

function Status({ of }: { of: Alert }) {
  return (
    <>
      <State tone={TONES[of.status as keyof typeof TONES] ?? "plain"}>{sentence(of.status)}</State>
      {of.suppressedBy && <p class="muted small">by the rule {of.suppressedBy}</p>}
    </>
  );
}

function AlertList() {
  const query = { status: asked("status"), severity: asked("severity") };
  const data = useData<List<Alert>>(inside("/alerts", { ...query, cursor: asked("cursor") }), ["alert"]);
  return (
    <>
      <h1>Alerts</h1>
      <Filters label="Find alerts">
        <FilterSelect name="status" label="Status" options={STATUSES} />
        <FilterSelect name="severity" label="Severity" options={SEVERITIES} />
      </Filters>
      <ListTable data={data} caption="Alerts, the newest first" what="alerts" id={(a) => a.id} columns={[
        { name: "Alert", head: true, show: (a) => (
          <>
            <a href={`/ui/alerts/${segment(a.id)}`}>{a.title}</a> {a.simulated && <span class="tag">sample</span>}
            <p class="muted small">{a.type}</p>
          </>
        ) },
        { name: "Severity", show: (a) => <SeverityMark of={a.severity} /> },
        { name: "Status", show: (a) => <Status of={a} /> },
        { name: "Resource", show: (a) => (a.resourceId ? <ResourceId id={a.resourceId} /> : "") },
        { name: "Began", show: (a) => <Time at={a.started ?? a.created} none="unknown" /> },
      ]} empty={query.status || query.severity ? <Nothing title="No alert fits these filters" /> : (
        <Nothing title="No alerts">
          <p>Nothing that watches running workloads is connected to this release's server yet, so none can arise by itself. An admin can make a sample.</p>
        </Nothing>
      )} />
      {may("admin") && <ActionButton work={() => call("POST", inside("/alerts/simulate"), { bundles: ["KubernetesService"] }).then(data.again)} done="They appear above.">Make sample alerts</ActionButton>}
    </>
  );
}

const MOVES: [string, string][] = [["active", "Activate"], ["in_progress", "Take up"], ["resolved", "Resolve"], ["dismissed", "Dismiss"]];

/** One member of an entity as people read it: lists with commas, what is inside of it in turn as "name: value". */
function plain(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return "unknown";
  if (typeof value !== "object") return String(value);
  if (depth > 3) return "…";
  if (Array.isArray(value)) return value.map((v) => plain(v, depth + 1)).join(", ");
  return Object.entries(value).filter(([name]) => !name.startsWith("$")).map(([name, v]) => `${words(name)}: ${plain(v, depth + 1)}`).join(", ");
}

/** "hostName" is "Host name". */
const words = (name: string) => sentence(name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`));

function AlertPage({ id }: { id: string }) {
  const data = useData<AlertDetail>(inside(`/alerts/${segment(id)}`), ["alert"]);
  const set = (status: string) => call("PATCH", inside(`/alerts/${segment(id)}`), { status }).then(data.again);
  return (
    <>
      <Crumb href="/ui/alerts">Alerts</Crumb>
      <Shown data={data} lines={8} title="Alert">
        {(a) => (
          <>
            <h1>{a.title}</h1>
            {a.simulated && <p class="notice">This is a sample: nothing happened.</p>}
            {may("admin") && (
              <div class="actions">
                {MOVES.filter(([to]) => to !== a.status).map(([to, word]) => <ActionButton key={to} work={() => set(to)}>{word}</ActionButton>)}
              </div>
            )}
            <div aria-live="polite">
              <Facts rows={[
                ["Severity", <SeverityMark of={a.severity} />], ["Status", <Status of={a} />], ["Type", a.type], ["Intent", a.intent],
                ["Began", <Time at={a.started} none="unknown" />], ["Ended", <Time at={a.ended} none="unknown" />], ["Changed", <Time at={a.changed} none="never" />],
                ["Resource", a.resourceId ? <code>{a.resourceId}</code> : null],
              ]} />
            </div>
            {a.description && <p class="prose">{a.description}</p>}
            {(a.remediation ?? []).length > 0 && <><h2>What to do</h2><ol>{a.remediation!.map((s, i) => <li key={i}>{s}</li>)}</ol></>}
            {(a.entities ?? []).length > 0 && (
              <>
                <h2>What is involved</h2>
                {a.entities!.map((e, i) => (
                  <div class="card" key={i}>
                    <Facts rows={Object.entries(e).filter(([name]) => !name.startsWith("$")).map(([name, value]): [string, ComponentChildren] => [words(name), plain(value)])} />
                  </div>
                ))}
              </>
            )}
          </>
        )}
      </Shown>
    </>
  );
}

export function AlertsPage() {
  const id = place.value.path[1];
  return id ? <AlertPage id={id} /> : <AlertList />;
}

import { useState } from "preact/hooks";
import { call, inside, may, segment } from "../api";
import { useData, type List } from "../data";
import { asked, place } from "../router";
import { number, percent, points } from "../text";
import { Card, Facts, Nothing, SeverityMark, Shown, State, Time, Unknown } from "../ui/basic";
import { Tasks } from "./tasks";
import { Crumb, FilterCheck, Filters, FilterSelect, Outside, Tabs } from "../ui/filter";
import { ActionButton } from "../ui/form";
import { ListTable } from "../ui/table";
import { ExemptDialog, type ExemptScope } from "./exempt";
import { imageHref } from "../ui/image";

interface Recommendation {
  key: string;
  title: string;
  severity: string;
  control: { id: string; name: string } | null;
  healthy: number | null;
  unhealthy: number | null;
  notApplicable: number | null;
  exempt: number | null;
  kev?: number | null;
  fixable?: number | null;
  potentialIncrease: number | null;
  built?: boolean;
  assessed: boolean;
  running: number | null;
}

interface RecommendationDetail extends Recommendation {
  description: string | null;
  remediation: string | null;
  userImpact: string | null;
  implementationEffort: string | null;
  note?: string | null;
  references: (string | { url: string; title?: string })[] | null;
}

interface Resource {
  resourceId: string;
  name: string;
  kind: string;
  status: string;
  cause: string | null;
  exempt?: string | null;
  findings: number | null;
  changed: string | null;
}

interface Control {
  id: string;
  name: string;
  current: number | null;
  max: number | null;
  maxPossible: number | null;
  healthy: number;
  unhealthy: number;
  notApplicable: number;
  assessed: boolean;
  potentialIncrease: number | null;
}

interface Score {
  score: { current: number; max: number; percentage: number } | null;
  assessed: { points: number; of: number; text: string } | null;
  computedAt: string | null;
}

const TOPICS = ["score", "finding", "exemption", "plan", "image", "registry"];
const TABS = [["recommendations", "Recommendations"], ["controls", "Controls"], ["tasks", "Tasks"]] as const;

function ScoreLine() {
  const data = useData<Score>(inside("/secure-score"), TOPICS);
  const s = data.value?.score;
  return (
    <Card id="score" title="Secure score">
      <Shown data={data} lines={1}>
        {(v) => (
          <>
            <p class="score-value">
              {s && s.max ? <><b>{percent(s.percentage)}</b> <span class="muted">{number(s.current)} of {number(s.max)} points</span></> : <Unknown why="nothing that counts has been assessed yet" />}
            </p>
            <p class="muted">{v.assessed?.text}</p>
          </>
        )}
      </Shown>
    </Card>
  );
}

function Rows({ data, assessed }: { data: ReturnType<typeof useData<List<Recommendation>>>; assessed: boolean }) {
  return (
    <ListTable data={data} caption="Recommendations, the most urgent first" what="recommendations" id={(r) => r.key} columns={[
      { name: "Recommendation", head: true, show: (r) => <><a href={`/ui/recommendations/${segment(r.key)}`}>{r.title}</a>{r.control && <p class="muted small">{r.control.name}</p>}</> },
      { name: "Severity", show: (r) => <SeverityMark of={r.severity.toLowerCase()} /> },
      { name: "State", show: (r) => (!r.assessed ? <State tone="plain">not assessed</State> : r.unhealthy ? <State tone="bad">{number(r.unhealthy)} unhealthy</State> : <State tone="good">nothing to do</State>) },
      { name: "Healthy", end: true, show: (r) => (r.assessed ? number(r.healthy ?? 0) : "") },
      { name: "Not applicable", end: true, show: (r) => (r.assessed ? number(r.notApplicable ?? 0) : "") },
      { name: "Exempted", end: true, show: (r) => (r.exempt ? number(r.exempt) : "") },
      { name: "Would gain", end: true, show: (r) => (r.potentialIncrease ? `+${points(r.potentialIncrease)}` : "") },
    ]} empty={<Nothing title={assessed ? "Nothing has been assessed yet" : "No recommendation fits these filters"}><p>Assessments begin as soon as a registry is connected and its first image is scanned.</p></Nothing>} />
  );
}

function Controls() {
  const by = asked("by");
  const data = useData<List<Control>>(inside("/secure-score/controls", { by }), TOPICS);
  return (
    <>
      <Filters label="Grouping"><FilterSelect name="by" label="By" options={[["", "Control"], ["category", "Category"]]} /></Filters>
      <ListTable data={data} caption="Controls of the secure score" what="controls" id={(c) => c.id} columns={[
        { name: "Control", head: true, show: (c) => c.name },
        { name: "Points", end: true, show: (c) => (c.assessed && c.current !== null ? `${number(c.current)} of ${number(c.max ?? 0)}` : <span class="muted">not assessed</span>) },
        { name: "Healthy", end: true, show: (c) => (c.assessed ? number(c.healthy) : "") },
        { name: "Unhealthy", end: true, show: (c) => (c.assessed ? number(c.unhealthy) : "") },
        { name: "Not applicable", end: true, show: (c) => (c.assessed ? number(c.notApplicable) : "") },
        { name: "Would gain", end: true, show: (c) => (c.potentialIncrease ? `+${points(c.potentialIncrease)}` : "") },
      ]} empty={<Nothing title="No control counts yet" />} />
    </>
  );
}

function RecommendationList() {
  const tab = asked("tab") || "recommendations";
  const all = asked("all") === "true";
  const data = useData<List<Recommendation>>(tab === "recommendations" ? inside("/recommendations", { assessed: !all }) : null, TOPICS);
  const severity = asked("severity");
  const shown = data.value && { ...data, value: { ...data.value, total: undefined, items: data.value.items.filter((r) => (!severity || r.severity.toLowerCase() === severity)) } };
  return (
    <>
      <h1>Recommendations</h1>
      <ScoreLine />
      <Tabs label="Recommendations" tabs={TABS} current={tab} />
      {tab === "controls" && <Controls />}
      {tab === "tasks" && <Tasks />}
      {tab === "recommendations" && (
        <>
          <Filters label="Find recommendations">
            <FilterSelect name="severity" label="Severity" options={[["", "Any"], ["high", "High"], ["medium", "Medium"], ["low", "Low"]]} />
            <FilterCheck name="all" label="Also what is not assessed" />
          </Filters>
          <Rows data={shown ?? data} assessed={!all && !severity} />
        </>
      )}
    </>
  );
}

const STATUS = { Healthy: "good", Unhealthy: "bad", NotApplicable: "plain" } as const;

function ResourceName({ of }: { of: Resource }) {
  const digest = /sha256:[0-9a-f]{64}/.exec(of.resourceId)?.[0];
  return (
    <>
      {digest ? <a href={imageHref(digest)}>{of.name}</a> : of.name}
      <p class="muted small">{of.kind}</p>
    </>
  );
}

function Resources({ of, exempt }: { of: RecommendationDetail; exempt: (scope: ExemptScope) => void }) {
  const data = useData<List<Resource>>(inside(`/recommendations/${segment(of.key)}/resources`, { cursor: asked("cursor") }), TOPICS);
  return (
    <ListTable data={data} caption="Affected resources" what="resources" id={(r) => r.resourceId} columns={[
      { name: "Resource", head: true, show: (r) => <ResourceName of={r} /> },
      { name: "State", show: (r) => <><State tone={STATUS[r.status as keyof typeof STATUS] ?? "plain"}>{r.status === "NotApplicable" ? "not applicable" : r.status.toLowerCase()}</State>{r.exempt && <p class="small">exempted: {r.exempt}</p>}{r.cause && <p class="small muted">{r.cause}</p>}</> },
      { name: "Findings", end: true, show: (r) => (r.findings === null || r.findings === undefined ? "" : number(r.findings)) },
      { name: "Since", show: (r) => <Time at={r.changed} none="unknown" /> },
      { name: "Act", quiet: true, show: (r) => (r.status !== "Unhealthy" || r.exempt ? "" : (
        <span class="actions">
          <button type="button" class="quiet" aria-label={`Exempt ${r.name}`} onClick={() => exempt({ title: r.name, assessmentKey: of.key, resourceId: r.resourceId })}>Exempt</button>
          {may("admin") && <ActionButton kind="quiet" work={() => call("POST", inside("/tasks"), { recommendation: of.key, resourceId: r.resourceId })} done="Task made.">Make a task</ActionButton>}
        </span>
      )) },
    ]} empty={<Nothing title={of.assessed ? "No resource has been assessed" : "Not assessed in this release"} />} />
  );
}

function RecommendationPage({ id }: { id: string }) {
  const data = useData<RecommendationDetail>(inside(`/recommendations/${segment(id)}`), TOPICS);
  const [scope, setScope] = useState<ExemptScope>();
  return (
    <>
      <Crumb href="/ui/recommendations">Recommendations</Crumb>
      <Shown data={data} lines={10} title="Recommendation">
        {(r) => (
          <>
            <div class="head">
              <h1>{r.title}</h1>
              <button type="button" onClick={() => setScope({ title: r.title, assessmentKey: r.key })}>Exempt</button>
            </div>
            {!r.assessed && <p class="notice warn"><b>Not assessed:</b> {r.note ?? "this release has nothing that looks at it"}. It counts neither for nor against the score.</p>}
            <Facts rows={[
              ["Severity", <SeverityMark of={r.severity.toLowerCase()} />], ["Control", r.control?.name],
              ["Unhealthy", r.assessed ? number(r.unhealthy ?? 0) : "not assessed"], ["Healthy", r.assessed ? number(r.healthy ?? 0) : null],
              ["Not applicable", r.assessed ? number(r.notApplicable ?? 0) : null], ["Exempted", r.assessed ? number(r.exempt ?? 0) : null],
              ["Would raise the score by", r.potentialIncrease ? points(r.potentialIncrease) : null],
              ["Running", r.running === null || r.running === undefined ? <span class="muted">unknown: no cluster is connected</span> : number(r.running)],
              ["Effort", r.implementationEffort], ["What users notice", r.userImpact],
            ]} />
            {r.description && <p class="prose">{r.description}</p>}
            {r.remediation && <><h2>What to do</h2><p class="prose">{r.remediation}</p></>}
            {(r.references ?? []).length > 0 && <ul>{r.references!.map((l) => { const url = typeof l === "string" ? l : l.url; return <li key={url}><Outside href={url}>{typeof l === "string" ? l : l.title ?? l.url}</Outside></li>; })}</ul>}
            <h2>Affected resources</h2>
            <Resources of={r} exempt={setScope} />
            {scope && <ExemptDialog scope={scope} close={() => setScope(undefined)} done={data.again} />}
          </>
        )}
      </Shown>
    </>
  );
}

export function RecommendationsPage() {
  const id = place.value.path[1];
  return id ? <RecommendationPage id={id} /> : <RecommendationList />;
}


import { call, inside, may, segment } from "../api";
import { useData, type List } from "../data";
import { sentence } from "../text";
import { Shown, State, Time } from "../ui/basic";
import { ActionButton } from "../ui/form";
import { Table } from "../ui/table";

interface Status {
  code: string;
  message: string | null;
}

interface Plan {
  name: string;
  displayName: string | null;
  pricingTier: "Free" | "Standard";
  subPlan: string | null;
  extensions: { name: string; isEnabled: boolean | string; built?: boolean; operationStatus: Status | null }[];
  resourcesCoverageStatus: string | null;
  enablementTime: string | null;
  built: boolean;
  deprecated?: boolean;
  replacedBy?: string | null;
  note: string | null;
  operationStatus?: Status | null;
}

const on = (e: Plan["extensions"][number]) => e.isEnabled === true || String(e.isEnabled).toLowerCase() === "true";
const works = (e: Plan["extensions"][number]) => e.built !== false && e.operationStatus?.code !== "Failed";
const NOTHING = "accepted, protects nothing yet";

/** "AgentlessVmScanning" as words. */
function words(name: string): string {
  return sentence(name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`))
    .replace(/\b(vm|api|mde)\b/gi, (word) => word.toUpperCase()).replace(/\bkubernetes\b/, "Kubernetes");
}

const put = (plan: Plan, body: Record<string, unknown>, again: () => void) =>
  call("PUT", inside(`/plans/${segment(plan.name)}`), { pricingTier: plan.pricingTier, ...body }).then(again);

function Extensions({ plan, again }: { plan: Plan; again: () => void }) {
  if (plan.extensions.length === 0) return null;
  return (
    <ul class="extensions" aria-label={`Extensions of ${plan.displayName ?? plan.name}`}>
      {plan.extensions.map((e) => (
        <li key={e.name}>
          <span class={works(e) ? "" : "muted"}>{words(e.name)}</span>{" "}
          <State tone={works(e) && on(e) ? "good" : "plain"}>{works(e) ? (on(e) ? "on" : "off") : `${on(e) ? "on, but " : ""}${NOTHING}`}</State>
          {may("admin") && plan.pricingTier === "Standard" && (
            <ActionButton kind="quiet" work={() => put(plan, { subPlan: plan.subPlan ?? undefined, extensions: [{ name: e.name, isEnabled: !on(e) }] }, again)}>
              {on(e) ? "Switch off" : "Switch on"}<span class="hidden"> {words(e.name)}</span>
            </ActionButton>
          )}
        </li>
      ))}
    </ul>
  );
}

function Switch({ plan, again, kind }: { plan: Plan; again: () => void; kind?: string }) {
  if (!may("admin")) return null;
  const standard = plan.pricingTier === "Standard";
  return (
    <ActionButton kind={kind} work={() => put(plan, { pricingTier: standard ? "Free" : "Standard" }, again)}>
      {standard ? "Switch off" : "Switch on"}<span class="hidden"> {plan.displayName ?? plan.name}</span>
    </ActionButton>
  );
}

function Built({ plan, again }: { plan: Plan; again: () => void }) {
  const standard = plan.pricingTier === "Standard";
  return (
    <li class="card">
      <div class="card-head">
        <h2>{plan.displayName ?? plan.name}</h2>
        <State tone={standard ? "good" : "plain"}>{standard ? "on" : "off"}</State>
      </div>
      {plan.note && <p>{sentence(plan.note)}.</p>}
      <div class="actions">
        <Switch plan={plan} again={again} />
        {standard && plan.enablementTime && <span class="muted small">on since <Time at={plan.enablementTime} /></span>}
      </div>
      <Extensions plan={plan} again={again} />
    </li>
  );
}

export function Plans() {
  const data = useData<List<Plan>>(inside("/plans"), ["plan"]);
  return (
    <Shown data={data} lines={10}>
      {(list) => {
        const rest = list.items.filter((p) => !p.built);
        return (
          <>
            <p class="muted">A plan that is switched on begins at once to find and to scan; switched off, it stops.</p>
            <ul class="plans">{list.items.filter((p) => p.built).map((p) => <Built key={p.name} plan={p} again={data.again} />)}</ul>
            {rest.length > 0 && (
              <>
                <h2>Accepted, but they protect nothing yet</h2>
                <p class="muted">Clients may set them, and read back what they set. Nothing in this release looks at what they are about.</p>
                <div class="unbuilt">
                  <Table caption="Plans that protect nothing yet" items={rest} id={(p) => p.name} columns={[
                    { name: "Plan", head: true, show: (p) => <>{p.displayName ?? p.name}{p.replacedBy && <p class="small">replaced by {p.replacedBy}</p>}</> },
                    { name: "State", show: (p) => <State tone="plain">{p.pricingTier === "Standard" ? `on, but ${NOTHING}` : "off"}</State> },
                    { name: "Extensions", show: (p) => <Extensions plan={p} again={data.again} /> },
                    { name: "Switch", quiet: true, show: (p) => <Switch plan={p} again={data.again} kind="quiet" /> },
                  ]} />
                </div>
              </>
            )}
          </>
        );
      }}
    </Shown>
  );
}

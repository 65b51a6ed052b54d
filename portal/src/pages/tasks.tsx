import { call, inside, may, segment } from "../api";
import { useData, type List } from "../data";
import { asked } from "../router";
import { sentence } from "../text";
import { Nothing, ResourceId, State, Time } from "../ui/basic";
import { ActionButton } from "../ui/form";
import { ListTable } from "../ui/table";

interface Task {
  id: string;
  recommendation: { key: string; title: string } | null;
  resourceId: string | null;
  state: string;
  details: unknown;
  created: string | null;
  changed: string | null;
}

const MOVES: [string, string][] = [["resolved", "Resolve"], ["dismissed", "Dismiss"], ["active", "Open again"]];
const TONES = { active: "warn", resolved: "good", dismissed: "plain" } as const;

/** What somebody said he would do about a recommendation. */
export function Tasks() {
  const data = useData<List<Task>>(inside("/tasks", { cursor: asked("cursor") }), ["score", "task", "finding"]);
  return (
    <ListTable data={data} caption="Tasks out of recommendations" what="tasks" id={(t) => t.id} columns={[
      { name: "Task", head: true, show: (t) => (t.recommendation ? <a href={`/ui/recommendations/${segment(t.recommendation.key)}`}>{t.recommendation.title}</a> : t.id) },
      { name: "Resource", show: (t) => (t.resourceId ? <ResourceId id={t.resourceId} /> : "") },
      { name: "State", show: (t) => { const state = t.state.toLowerCase(); return <State tone={TONES[state as keyof typeof TONES] ?? "plain"}>{sentence(state)}</State>; } },
      { name: "Made", show: (t) => <Time at={t.created} none="unknown" /> },
      { name: "Change", quiet: true, show: (t) => may("admin") && (
        <span class="actions">
          {MOVES.filter(([to]) => (to === "active") !== (t.state.toLowerCase() === "active")).map(([to, word]) => (
            <ActionButton key={to} work={() => call("PATCH", inside(`/tasks/${segment(t.id)}`), { state: to }).then(data.again)}>{word}</ActionButton>
          ))}
        </span>
      ) },
    ]} empty={<Nothing title="No tasks"><p>A task is made at an affected resource of a recommendation, or by vallum task create.</p></Nothing>} />
  );
}

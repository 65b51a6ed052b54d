import { useState } from "preact/hooks";
import { at, call, get, may, me, segment } from "../api";
import { useAction, useData, type List } from "../data";
import { asked } from "../router";
import { sentence } from "../text";
import { Nothing, State, Time } from "../ui/basic";
import { Tabs } from "../ui/filter";
import { ActionButton, ConfirmButton, Dialog, FormError, SelectField, TextField, type Options } from "../ui/form";
import { ListTable } from "../ui/table";

interface User {
  id: number | string;
  name: string;
  kind: string;
  disabled: boolean;
  created: string | null;
  roles: Binding[];
}

interface Binding {
  environment: string | null;
  role: string;
  registry?: string | null;
  label?: string | null;
  cluster?: string | null;
  namespace?: string | null;
}

interface Token {
  id: number | string;
  name: string;
  role: string;
  created: string | null;
  expires: string | null;
}

interface Entry {
  id: number | string;
  at: string;
  who: string;
  peer: string | null;
  environment: string | null;
  action: string;
  object: string | null;
  detail: string | null;
}

const ROLES: Options = [["reader", "Security Reader: sees"], ["admin", "Security Admin: changes what is watched"], ["owner", "Owner: also users and environments"]];

const named = (id: string) => me.value?.environments?.find((e) => e.id === id)?.name ?? id;

function where(): Options {
  return [["", "Everywhere"], ...(me.value?.environments ?? []).map((e) => [e.id, e.name] as const)];
}

const PARTS: Options = [["", "All of it"], ["registry", "One registry"], ["label", "Registries with a label"], ["cluster", "A cluster, or a namespace in it"]];
type Part = "" | "registry" | "label" | "cluster";

const partOf = (b?: Binding): Part => (b?.registry ? "registry" : b?.label ? "label" : b?.cluster ? "cluster" : "");

/** "Security Reader in the namespace shop of the cluster prod of default" */
function said(b: Binding): string {
  if (!b.environment) return "everywhere";
  const part = b.registry ? `the registry ${b.registry} of ` : b.label ? `registries with ${b.label} of ` : b.cluster ? `${b.namespace ? `the namespace ${b.namespace} of ` : ""}the cluster ${b.cluster} of ` : "";
  return `in ${part}${named(b.environment)}`;
}

/** What a role holds in, below an environment. */
function PartFields({ environment, part, form, set, setPart, error }: {
  environment: string; part: Part; form: Record<string, string>; set: (name: string) => (value: string) => void; setPart: (part: Part) => void; error: ReturnType<typeof useAction>["error"];
}) {
  const registries = useData<List<{ name: string }>>(part === "registry" ? at("/registries", { environment, limit: 1000 }) : null);
  const names = [...new Set([form.registry ?? "", ...(registries.value?.items ?? []).map((r) => r.name)])].filter(Boolean);
  return (
    <>
      <SelectField id="part" label="Of it" value={part} set={(to) => setPart(to as Part)} options={PARTS} error={error}
        hint="With a role in a part a user sees that part, and nothing else of the environment." />
      {part === "registry" && <SelectField id="registry" label="Registry" value={form.registry ?? ""} set={set("registry")} options={[["", "Choose one"], ...names.map((n) => [n, n] as const)]} error={error} />}
      {part === "label" && <TextField id="label" label="Label" required value={form.label ?? ""} set={set("label")} error={error} hint="Such as team=payments. It counts for the registries that bear it, as long as they do." />}
      {part === "cluster" && <TextField id="cluster" label="Cluster" required value={form.cluster ?? ""} set={set("cluster")} error={error} hint="Its name. What there is of a cluster in this release are its alerts." />}
      {part === "cluster" && <TextField id="namespace" label="Namespace" value={form.namespace ?? ""} set={set("namespace")} error={error} hint="Empty: all of the cluster." />}
    </>
  );
}

function UserDialog({ user, close, done }: { user?: User; close: () => void; done: () => void }) {
  const [name, setName] = useState(user?.name ?? "");
  const [kind, setKind] = useState("user");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState(user?.roles[0]?.role ?? "reader");
  const [environment, setEnvironment] = useState(user?.roles[0]?.environment ?? "");
  const first = user?.roles[0], [part, setPart] = useState<Part>(partOf(first));
  const [form, setForm] = useState<Record<string, string>>({ registry: first?.registry ?? "", label: first?.label ?? "", cluster: first?.cluster ?? "", namespace: first?.namespace ?? "" });
  const action = useAction();
  const send = async (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = {};
    const fields = (part === "cluster" ? ["cluster", "namespace"] : part ? [part] : []) as ("registry" | "label" | "cluster" | "namespace")[];
    // What was not touched is not sent: another password must not give another role.
    if (!user || role !== (first?.role ?? "reader") || environment !== (first?.environment ?? "") || part !== partOf(first) || fields.some((f) => form[f] !== (first?.[f] ?? ""))) {
      body.role = role;
      if (environment) body.environment = environment;
      if (environment) for (const f of fields) if (form[f] || f === part) body[f] = (form[f] ?? "").trim(); // an empty one is refused
    }
    if (password) body.password = password;
    if (!user) Object.assign(body, { name, kind });
    if (await action.run(() => (user ? call("PATCH", `/users/${segment(String(user.id))}`, body) : call("POST", "/users", body)))) {
      done();
      close();
    }
  };
  return (
    <Dialog title={user ? `Change ${user.name}` : "Add a user"} close={close}>
      <form onSubmit={(e) => void send(e)}>
        {!user && <TextField id="name" label="Name" required value={name} set={setName} error={action.error} />}
        {!user && <SelectField id="kind" label="Kind" value={kind} set={setKind} options={[["user", "A person, with a password"], ["client", "A program, with tokens"]]} error={action.error} />}
        {(user ? user.kind === "user" : kind === "user") && (
          <TextField id="password" label={user ? "New password" : "Password"} type="password" autocomplete="new-password" required={!user} value={password} set={setPassword}
            error={action.error} hint={user ? "Left empty the old one stays." : "At least 12 characters."} />
        )}
        <SelectField id="role" label="Role" value={role} set={setRole} options={ROLES} error={action.error} />
        <SelectField id="environment" label="Where" value={environment} set={(to) => { setEnvironment(to); setPart(""); }} options={where()} error={action.error} />
        {environment && <PartFields environment={environment} part={part} form={form} set={(f) => (value) => setForm({ ...form, [f]: value })} setPart={setPart} error={action.error} />}
        <FormError problem={action.error} fields={["name", "kind", "password", "role", "environment", "registry", "label", "cluster", "namespace"]} />
        <div class="actions">
          <button type="submit" class="main" disabled={action.busy}>Save</button>
          <button type="button" onClick={close}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Tokens and sessions of somebody: what they are called, never what they say. */
function TokensOf({ user, close }: { user: User; close: () => void }) {
  const path = `/users/${segment(String(user.id))}/tokens`;
  const data = useData<List<Token>>(at(path, { limit: 100 }));
  return (
    <Dialog title={`Tokens and sessions of ${user.name}`} close={close}>
      <ListTable data={data} caption={`Tokens and sessions of ${user.name}`} what="tokens" id={(t) => t.id} cursor="tokens" columns={[
        { name: "Name", head: true, show: (t) => t.name },
        { name: "Role", show: (t) => sentence(t.role) },
        { name: "Ends", show: (t) => <Time at={t.expires} /> },
        { name: "End it", quiet: true, show: (t) => <ActionButton work={() => call("DELETE", `${path}/${segment(String(t.id))}`).then(data.again)}>End</ActionButton> },
      ]} empty={<Nothing title="No tokens" />} />
      <div class="actions"><button type="button" onClick={close}>Close</button></div>
    </Dialog>
  );
}

function Users() {
  const data = useData<List<User>>(at("/users", { cursor: asked("cursor") }));
  const [open, setOpen] = useState<User | "new">();
  const [tokens, setTokens] = useState<User>();
  return (
    <>
      <p><button type="button" class="main" onClick={() => setOpen("new")}>Add a user</button></p>
      <ListTable data={data} caption="Users and programs" what="users" id={(u) => u.id} columns={[
        { name: "Name", head: true, show: (u) => <>{u.name} {u.kind !== "user" && <span class="tag">program</span>}</> },
        { name: "Roles", show: (u) => (u.roles.length ? u.roles.map((r, i) => <div key={i}>{sentence(r.role)} {said(r)}</div>) : <span class="muted">none</span>) },
        { name: "State", show: (u) => (u.disabled ? <State tone="plain">locked</State> : <State tone="good">may log in</State>) },
        { name: "Since", show: (u) => <Time at={u.created} none="unknown" /> },
        { name: "Change", quiet: true, show: (u) => (
          <span class="actions">
            <button type="button" aria-label={`Change ${u.name}`} onClick={() => setOpen(u)}>Change</button>
            <button type="button" aria-label={`Tokens of ${u.name}`} onClick={() => setTokens(u)}>Tokens</button>
            {u.name !== me.value?.name && <ActionButton work={() => call("PATCH", `/users/${segment(String(u.id))}`, { disabled: !u.disabled }).then(data.again)}>{u.disabled ? "Unlock" : "Lock"}</ActionButton>}
            {u.name !== me.value?.name && (
              <ConfirmButton label="Remove" named={u.name} title={`Remove ${u.name}?`} work={() => call("DELETE", `/users/${segment(String(u.id))}`).then(data.again)}>
                <p>Tokens and sessions of {u.name} end at once. What {u.name} did stays in the audit log.</p>
              </ConfirmButton>
            )}
          </span>
        ) },
      ]} empty={<Nothing title="No users" />} />
      {tokens && <TokensOf user={tokens} close={() => setTokens(undefined)} />}
      {open && <UserDialog user={open === "new" ? undefined : open} close={() => setOpen(undefined)} done={data.again} />}
    </>
  );
}

function TokenDialog({ close, done }: { close: () => void; done: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("reader");
  const [days, setDays] = useState("90");
  const [made, setMade] = useState("");
  const action = useAction();
  const send = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      setMade((await call<{ token: string }>("POST", "/tokens", { name, role, days: Number(days) })).token);
      done();
    });
  };
  return (
    <Dialog title="Make a token" close={close}>
      {made ? (
        <>
          <p role="status">This is the token. It is shown only now:</p>
          <pre>{made}</pre>
          <div class="actions"><button type="button" class="main" onClick={close}>I have it</button></div>
        </>
      ) : (
        <form onSubmit={send}>
          <TextField id="name" label="Name" required value={name} set={setName} error={action.error} hint="What it is for: a pipeline, a script." />
          <SelectField id="role" label="Role" value={role} set={setRole} options={ROLES} error={action.error} hint="Never more than your own." />
          <TextField id="days" label="Days until it ends" type="number" min={1} max={3650} required value={days} set={setDays} error={action.error} />
          <FormError problem={action.error} fields={["name", "role", "days"]} />
          <div class="actions">
            <button type="submit" class="main" disabled={action.busy}>Make it</button>
            <button type="button" onClick={close}>Cancel</button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Tokens() {
  const data = useData<List<Token>>("/tokens");
  const [open, setOpen] = useState(false);
  return (
    <>
      <p><button type="button" class="main" onClick={() => setOpen(true)}>Make a token</button></p>
      <ListTable data={data} caption="Your tokens and sessions" what="tokens" id={(t) => t.id} columns={[
        { name: "Name", head: true, show: (t) => t.name },
        { name: "Role", show: (t) => sentence(t.role) },
        { name: "Made", show: (t) => <Time at={t.created} none="unknown" /> },
        { name: "Ends", show: (t) => <Time at={t.expires} /> },
        { name: "End it", quiet: true, show: (t) => (
          <ConfirmButton label="End" named={t.name} title={`End the token ${t.name}?`} work={() => call("DELETE", `/tokens/${segment(String(t.id))}`).then(() => get("/me")).then(data.again)}>
            <p>Whoever uses it is refused from then on. If it is this session's own, you are logged out.</p>
          </ConfirmButton>
        ) },
      ]} empty={<Nothing title="No tokens" />} />
      {open && <TokenDialog close={() => setOpen(false)} done={data.again} />}
    </>
  );
}

function Audit() {
  const data = useData<List<Entry>>(at("/audit", { cursor: asked("cursor") }));
  return (
    <ListTable data={data} caption="Audit log, the newest first" what="entries" id={(e) => e.id} columns={[
      { name: "When", head: true, show: (e) => <Time at={e.at} /> },
      { name: "Who", show: (e) => <>{e.who}{e.peer && <p class="muted small">{e.peer}</p>}</> },
      { name: "What", show: (e) => <code>{e.action}</code> },
      { name: "Of", show: (e) => e.object ?? "" },
      { name: "Detail", show: (e) => e.detail ?? "" },
      { name: "Where", show: (e) => (e.environment ? named(e.environment) : "") },
    ]} empty={<Nothing title="Nothing has been changed yet" />} />
  );
}

export function AccessPage() {
  const owner = may("owner");
  const tabs: Options = owner ? [["users", "Users"], ["tokens", "Your tokens"], ["audit", "Audit log"]] : [["tokens", "Your tokens"]];
  const tab = tabs.find(([id]) => id === asked("tab"))?.[0] ?? tabs[0]![0];
  return (
    <>
      <h1>Users and tokens</h1>
      <Tabs label="Users and tokens" tabs={tabs} current={tab} />
      {tab === "users" && <Users />}
      {tab === "tokens" && <Tokens />}
      {tab === "audit" && <Audit />}
    </>
  );
}

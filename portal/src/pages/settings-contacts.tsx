import { useEffect, useState } from "preact/hooks";
import { call, get, inside, may, Problem } from "../api";
import { useAction } from "../data";
import { Failure, Nothing } from "../ui/basic";
import { CheckField, CheckGroup, FormError, SelectField, TextField } from "../ui/form";

interface ContactsData {
  emails: string[];
  phone: string | null;
  enabled: boolean;
  minSeverity: string | null;
  roles: string[];
  notifyRoles: boolean | null;
  phoneNote: string | null;
}

const SEVERITIES = [["high", "High"], ["medium", "Medium and above"], ["low", "Low and above"]] as const;
const ROLES = [["Owner", "Owners"], ["Contributor", "Contributors"], ["AccountAdmin", "Account administrators"], ["ServiceAdmin", "Service administrators"]] as const;

/** A form over one object: read once, not while somebody types. `none`: there is none yet. */
function useObject<T>(path: string, none: T): { value: T | undefined; set: (value: T) => void; error: Problem | undefined } {
  const [value, set] = useState<T>();
  const [error, setError] = useState<Problem>();
  useEffect(() => {
    get<T>(path).then(set, (problem: Problem) => (problem.status === 404 && /there is no |is set$/.test(problem.message) ? set(none) : setError(problem)));
  }, [path]);
  return { value, set, error };
}

export function Contacts() {
  const { value: c, set, error } = useObject<ContactsData>(inside("/contacts/default"), { emails: [], phone: null, enabled: true, minSeverity: "high", roles: ["Owner"], notifyRoles: true, phoneNote: null });
  const [emails, setEmails] = useState<string>();
  const [saved, setSaved] = useState(false);
  const action = useAction();
  if (error) return <Failure problem={error} />;
  if (!c) return <div class="loading" role="status"><span class="hidden">Loading</span><div class="loading-line" /></div>;
  const send = async (event: Event) => {
    event.preventDefault();
    setSaved(false);
    const body: Record<string, unknown> = { emails: (emails ?? (c.emails ?? []).join("\n")).split(/[\s;,]+/).filter(Boolean), enabled: c.enabled, minSeverity: c.minSeverity, roles: c.roles, notifyRoles: c.roles.length > 0 };
    if (c.phone) body.phone = c.phone;
    setSaved(await action.run(() => call("PUT", inside("/contacts/default"), body)));
  };
  return (
    <form onSubmit={(e) => void send(e)}>
      <p class="muted">Whom mail goes to where no channel is set up for it. Channels tell more, and more finely.</p>
      <TextField id="emails" label="Addresses" lines={3} value={emails ?? (c.emails ?? []).join("\n")} set={setEmails} error={action.error} hint="One a line." />
      <CheckGroup label="Also everybody with the role" options={ROLES} value={c.roles ?? []} set={(roles) => set({ ...c, roles })} />
      <SelectField id="minSeverity" label="About alerts of severity" value={(c.minSeverity ?? "high").toLowerCase()} set={(minSeverity) => set({ ...c, minSeverity })} options={SEVERITIES} error={action.error} />
      <TextField id="phone" label="Telephone" value={c.phone ?? ""} set={(phone) => set({ ...c, phone })} error={action.error} hint={c.phoneNote ?? "For people to read. Nothing calls it."} />
      <CheckField id="enabled" label="Send mail" value={c.enabled} set={(enabled) => set({ ...c, enabled })} />
      <FormError problem={action.error} fields={["emails", "minSeverity", "phone"]} />
      {may("admin") && <div class="actions"><button type="submit" class="main" disabled={action.busy}>Save</button><span role="status">{saved && "Saved."}</span></div>}
    </form>
  );
}

interface MailData {
  host: string | null;
  port: number | null;
  username: string | null;
  hasPassword: boolean;
  from: string | null;
  caPem?: string | null;
  startTls: string | null;
}

export function Mail() {
  const { value: m, set, error } = useObject<MailData>("/settings/mail", { host: "", port: 587, username: null, hasPassword: false, from: "", startTls: "required" });
  const [password, setPassword] = useState("");
  const [saved, setSaved] = useState(false);
  const action = useAction();
  if (error) return error.status === 403 ? <Nothing title="This needs the role owner" /> : <Failure problem={error} />;
  if (!m) return <div class="loading" role="status"><span class="hidden">Loading</span><div class="loading-line" /></div>;
  const send = async (event: Event) => {
    event.preventDefault();
    setSaved(false);
    const body: Record<string, unknown> = { host: m.host, port: Number(m.port), from: m.from };
    if (m.username) body.username = m.username;
    if (password) body.password = password;
    if (m.caPem) body.caPem = m.caPem;
    setSaved(await action.run(() => call("PUT", "/settings/mail", body)));
  };
  return (
    <form onSubmit={(e) => void send(e)}>
      <p class="muted">One for the whole server. The connection is always encrypted (STARTTLS), and the certificate checked.</p>
      <TextField id="host" label="Host" required value={m.host ?? ""} set={(host) => set({ ...m, host })} error={action.error} />
      <TextField id="port" label="Port" type="number" min={1} max={65535} required value={String(m.port ?? 587)} set={(port) => set({ ...m, port: Number(port) })} error={action.error} />
      <TextField id="from" label="Sender" type="email" required value={m.from ?? ""} set={(from) => set({ ...m, from })} error={action.error} />
      <TextField id="username" label="User name" value={m.username ?? ""} set={(username) => set({ ...m, username })} error={action.error} />
      <TextField id="password" label="Password" type="password" autocomplete="new-password" value={password} set={setPassword} error={action.error} hint={m.hasPassword ? "One is set. Left empty it stays." : undefined} />
      <TextField id="caPem" label="Certificate authority (PEM)" lines={3} value={m.caPem ?? ""} set={(caPem) => set({ ...m, caPem })} error={action.error} hint="Where the mail server's certificate is not of a public authority." />
      <FormError problem={action.error} fields={["host", "port", "from", "username", "password", "caPem"]} />
      <div class="actions"><button type="submit" class="main" disabled={action.busy}>Save</button><span role="status">{saved && "Saved. A channel's test button shows whether it works."}</span></div>
    </form>
  );
}

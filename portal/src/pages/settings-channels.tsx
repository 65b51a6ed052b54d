import { useState } from "preact/hooks";
import { call, inside, may, segment } from "../api";
import { useAction, useData, type List } from "../data";
import { asked } from "../router";
import { sentence } from "../text";
import { Nothing, SeverityMark, State, Time } from "../ui/basic";
import { ActionButton, CheckGroup, ConfirmButton, Dialog, FormError, SelectField, TextField, type Options } from "../ui/form";
import { ListTable } from "../ui/table";

interface Config {
  to?: string[];
  url?: string;
  host?: string;
  port?: number;
  transport?: string;
  caPem?: string;
}

interface Channel {
  id: number | string;
  name: string;
  kind: string;
  config: Config;
  hasSecret: boolean;
  minSeverity: string | null;
  topics: string[];
  scope: unknown;
  enabled: boolean;
  ofContact?: boolean; // made by a contact: changed there
  shed?: number | null;
  lastOk: string | null;
  lastError: string | null;
}

interface Saved {
  secret: string | null; // where the server made one
}

const KINDS: Options = [["mail", "Mail"], ["webhook", "Webhook, signed"], ["slack", "Slack"], ["teams", "Microsoft Teams"], ["syslog", "Syslog (CEF)"]];
const TOPICS: Options = [["finding", "New critical findings"], ["scan_error", "Scan errors"], ["alert", "Alerts"], ["exemption", "Exemptions that end"], ["digest", "The weekly digest"]];
const SEVERITIES: Options = [["critical", "Critical"], ["high", "High and above"], ["medium", "Medium and above"], ["low", "Low and above"]];

function target(c: Channel): string {
  if (c.kind === "mail") return (c.config?.to ?? []).join(", ");
  if (c.kind === "syslog") return `${c.config?.host ?? ""}:${c.config?.port ?? ""} (${c.config?.transport ?? "tls"})`;
  return c.config?.url ?? "";
}

function ChannelDialog({ of, close, done }: { of?: Channel; close: () => void; done: () => void }) {
  const [name, setName] = useState(of?.name ?? "");
  const [kind, setKind] = useState(of?.kind ?? "mail");
  const [config, setConfig] = useState<Config>(of?.config ?? {});
  const [to, setTo] = useState((of?.config?.to ?? []).join("\n"));
  const [secret, setSecret] = useState("");
  const [minSeverity, setMinSeverity] = useState(of?.minSeverity ?? "high");
  const [topics, setTopics] = useState<string[]>(of?.topics ?? ["finding", "scan_error", "alert"]);
  const [made, setMade] = useState("");
  const action = useAction();
  const build = (): Config => {
    if (kind === "mail") return { to: to.split(/[\s;,]+/).filter(Boolean) };
    if (kind === "syslog") return { host: config.host ?? "", port: Number(config.port ?? 6514), transport: config.transport ?? "tls", ...(config.caPem ? { caPem: config.caPem } : {}) };
    return { url: config.url ?? "" };
  };
  const send = async (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = { name, config: build(), minSeverity, topics };
    if (secret) body.secret = secret;
    if (!of) body.kind = kind;
    let shown = "";
    if (await action.run(async () => {
      const saved = await (of ? call<Saved>("PATCH", inside(`/channels/${segment(String(of.id))}`), body) : call<Saved>("POST", inside("/channels"), body));
      shown = saved?.secret ?? "";
    })) {
      done();
      setMade(shown);
      if (!shown) close();
    }
  };
  if (made) {
    return (
      <Dialog title="The channel's secret" close={close}>
        <p role="status">Its receiver checks signatures with it. It is shown only now:</p>
        <pre>{made}</pre>
        <div class="actions"><button type="button" class="main" onClick={close}>I have it</button></div>
      </Dialog>
    );
  }
  return (
    <Dialog title={of ? `Change ${of.name}` : "Add a channel"} close={close}>
      <form onSubmit={(e) => void send(e)}>
        <TextField id="name" label="Name" required value={name} set={setName} error={action.error} />
        {!of && <SelectField id="kind" label="Kind" value={kind} set={setKind} options={KINDS} error={action.error} />}
        {kind === "mail" && <TextField id="to" label="Addresses" required lines={3} value={to} set={setTo} hint="One a line." />}
        {["webhook", "slack", "teams"].includes(kind) && <TextField id="url" label="Address" type="url" required placeholder="https://" value={config.url ?? ""} set={(url) => setConfig({ ...config, url })} />}
        {kind === "webhook" && <TextField id="secret" label="Secret" type="password" autocomplete="new-password" value={secret} set={setSecret} error={action.error} hint={of?.hasSecret ? "One is set. Left empty it stays." : "Messages are signed with it. Left empty the server makes one."} />}
        {kind === "syslog" && (
          <>
            <TextField id="host" label="Host" required value={config.host ?? ""} set={(host) => setConfig({ ...config, host })} />
            <TextField id="port" label="Port" type="number" min={1} max={65535} required value={String(config.port ?? 6514)} set={(port) => setConfig({ ...config, port: Number(port) })} />
            <SelectField id="transport" label="Transport" value={config.transport ?? "tls"} set={(transport) => setConfig({ ...config, transport })} options={[["tls", "TLS"], ["tcp", "TCP, readable on the way"], ["udp", "UDP, readable and lossy"]]} />
            <TextField id="caPem" label="Certificate authority (PEM)" lines={3} value={config.caPem ?? ""} set={(caPem) => setConfig({ ...config, caPem })} />
          </>
        )}
        <SelectField id="minSeverity" label="From severity" value={minSeverity} set={setMinSeverity} options={SEVERITIES} error={action.error} />
        <CheckGroup label="About" options={TOPICS} value={topics} set={setTopics} />
        <FormError problem={action.error} fields={["name", "kind", "secret", "minSeverity"]} />
        <div class="actions"><button type="submit" class="main" disabled={action.busy}>Save</button><button type="button" onClick={close}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

function Test({ id }: { id: Channel["id"] }) {
  const [result, setResult] = useState<{ ok: boolean; message: string | null }>();
  return (
    <>
      <ActionButton work={async () => setResult(await call("POST", inside(`/channels/${segment(String(id))}/test`)))}>Send a test</ActionButton>
      {result && <p role="status" class="small"><State tone={result.ok ? "good" : "bad"}>{result.ok ? "sent" : "failed"}</State> {result.message}</p>}
    </>
  );
}

export function Channels() {
  const data = useData<List<Channel>>(inside("/channels", { cursor: asked("cursor") }), ["channel", "notice"]);
  const [open, setOpen] = useState<Channel | "new">();
  return (
    <>
      {may("admin") && <p><button type="button" class="main" onClick={() => setOpen("new")}>Add a channel</button></p>}
      <ListTable data={data} caption="Channels: how people are told" what="channels" id={(c) => c.id} columns={[
        { name: "Channel", head: true, show: (c) => <>{c.name}<p class="muted small">{KINDS.find(([k]) => k === c.kind)?.[1] ?? c.kind}: {target(c)}</p></> },
        { name: "From severity", show: (c) => <SeverityMark of={c.minSeverity} /> },
        { name: "About", show: (c) => (c.topics ?? []).map((t) => TOPICS.find(([id]) => id === t)?.[1] ?? sentence(t)).join(", ") },
        { name: "State", show: (c) => (!c.enabled ? <State tone="plain">off</State> : c.lastError ? <><State tone="bad">the last message failed</State><p class="small">{c.lastError}</p></> : <><State tone={c.lastOk ? "good" : "plain"}>{c.lastOk ? "works" : "not used yet"}</State>{c.lastOk && <p class="muted small">last <Time at={c.lastOk} /></p>}</>) },
        { name: "Change", quiet: true, show: (c) => may("admin") && (
          <span class="actions">
            <Test id={c.id} />
            {c.ofContact && <a href="?tab=contacts">Change the contact</a>}
            {!c.ofContact && <button type="button" aria-label={`Change ${c.name}`} onClick={() => setOpen(c)}>Change</button>}
            {!c.ofContact && <ActionButton work={() => call("PATCH", inside(`/channels/${segment(String(c.id))}`), { enabled: !c.enabled }).then(data.again)}>{c.enabled ? "Off" : "On"}</ActionButton>}
            {!c.ofContact && <ConfirmButton label="Remove" named={c.name} title={`Remove ${c.name}?`} work={() => call("DELETE", inside(`/channels/${segment(String(c.id))}`)).then(data.again)}><p>Messages that wait for it are not sent.</p></ConfirmButton>}
          </span>
        ) },
      ]} empty={<Nothing title="Nobody is told yet"><p>A channel sends new critical findings, scan errors and alerts by mail, to a webhook, Slack, Teams or syslog.</p></Nothing>} />
      {open && <ChannelDialog of={open === "new" ? undefined : open} close={() => setOpen(undefined)} done={data.again} />}
    </>
  );
}

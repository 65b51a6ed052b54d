import { useState } from "preact/hooks";
import { call, inside, may, segment } from "../api";
import { useAction, useData, type List } from "../data";
import { asked } from "../router";
import { day, number, sentence, shortDigest } from "../text";
import { Nothing, State, Time } from "../ui/basic";
import { ActionButton, CheckField, ConfirmButton, Dialog, FormError, SelectField, TextField } from "../ui/form";
import { ListTable } from "../ui/table";
import { ExemptDialog } from "./exempt";

interface Exemption {
  id: string;
  category: string;
  state: "requested" | "approved" | "rejected" | "revoked";
  assessmentKey: string | null;
  vulnerability: string | null;
  package: string | null;
  digest: string | null;
  registry: { name: string } | string | number | null;
  repository: string | null;
  resourceId: string | null;
  justification: string | null;
  requestedBy: string | null;
  decidedBy: string | null;
  created: string | null;
  decided: string | null;
  expires: string | null;
  expired: boolean;
  findings: number | null;
}

interface Rule {
  id: string;
  name: string;
  assessmentKey: string | null;
  vulnerabilities: string[] | null;
  digests: string[] | null;
  minSeverity: string | null;
  withoutFix: boolean;
  justification: string | null;
  enabled: boolean;
  expires: string | null;
  created: string | null;
  findings: number | null;
}

const TONES = { requested: "warn", approved: "good", rejected: "plain", revoked: "plain" } as const;

function about(e: Exemption): string {
  const what = [e.vulnerability, e.package && `package ${e.package}`, e.assessmentKey && !e.vulnerability && `recommendation ${e.assessmentKey}`].filter(Boolean).join(", ") || "everything";
  const where = [e.digest && shortDigest(e.digest), e.repository, e.resourceId].filter(Boolean).join(", ");
  return where ? `${what} in ${where}` : what;
}

export function Exemptions() {
  const data = useData<List<Exemption>>(inside("/exemptions", { cursor: asked("cursor") }), ["exemption", "finding"]);
  const [open, setOpen] = useState(false);
  const set = (e: Exemption, state: string) => call("PATCH", inside(`/exemptions/${segment(e.id)}`), { state }).then(data.again);
  return (
    <>
      <p class="muted">
        An exemption takes findings out of the score without hiding them. All of them as <a href={`/api/v1${inside("/exemptions/vex")}`} download="exemptions.vex.json">OpenVEX</a>.
      </p>
      <p><button type="button" onClick={() => setOpen(true)}>Exempt by hand</button></p>
      <ListTable data={data} caption="Exemptions" what="exemptions" id={(e) => e.id} columns={[
        { name: "About", head: true, show: (e) => <>{about(e)}{e.justification && <p class="small">{e.justification}</p>}</> },
        { name: "Kind", show: (e) => sentence(e.category) },
        { name: "State", show: (e) => <State tone={e.expired ? "plain" : TONES[e.state]}>{e.expired ? "ended" : e.state}</State> },
        { name: "By", show: (e) => <>{e.requestedBy}{e.decidedBy && e.decidedBy !== e.requestedBy && <p class="muted small">decided by {e.decidedBy}</p>}</> },
        { name: "Ends", show: (e) => (e.expires ? day(e.expires) : "never") },
        { name: "Findings", end: true, show: (e) => (e.findings === null || e.findings === undefined ? "" : number(e.findings)) },
        { name: "Decide", quiet: true, show: (e) => may("admin") && !e.expired && (
          <span class="actions">
            {e.state === "requested" && <ActionButton work={() => set(e, "approved")}>Approve</ActionButton>}
            {e.state === "requested" && <ActionButton work={() => set(e, "rejected")}>Reject</ActionButton>}
            {e.state === "approved" && <ConfirmButton label="Revoke" named={about(e)} title="Revoke this exemption?" work={() => set(e, "revoked")}><p>Its findings count again at once.</p></ConfirmButton>}
          </span>
        ) },
      ]} empty={<Nothing title="Nothing is exempted"><p>A finding, a vulnerability, a resource or a recommendation is exempted where it is shown.</p></Nothing>} />
      {open && <ByHand close={() => setOpen(false)} done={data.again} />}
    </>
  );
}

/** Names what to exempt; the dialog asks for the rest. */
function ByHand({ close, done }: { close: () => void; done: () => void }) {
  const [vulnerability, setVulnerability] = useState("");
  const [chosen, setChosen] = useState(false);
  if (chosen) return <ExemptDialog scope={{ title: vulnerability, vulnerability }} close={close} done={done} />;
  return (
    <Dialog title="Exempt a vulnerability" close={close}>
      <form onSubmit={(e) => { e.preventDefault(); setChosen(true); }}>
        <TextField id="vulnerability" label="Vulnerability" required placeholder="CVE-2023-1234" value={vulnerability} set={setVulnerability} />
        <div class="actions"><button type="submit" class="main">Go on</button><button type="button" onClick={close}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

function RuleDialog({ close, done }: { close: () => void; done: () => void }) {
  const [name, setName] = useState("");
  const [vulnerabilities, setVulnerabilities] = useState("");
  const [digests, setDigests] = useState("");
  const [minSeverity, setMinSeverity] = useState("");
  const [withoutFix, setWithoutFix] = useState(false);
  const [justification, setJustification] = useState("");
  const [expires, setExpires] = useState("");
  const action = useAction();
  const list = (text: string) => text.split(/[\s,;]+/).filter(Boolean);
  const send = async (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = { name, justification };
    if (vulnerabilities.trim()) body.vulnerabilities = list(vulnerabilities);
    if (digests.trim()) body.digests = list(digests);
    if (minSeverity) body.minSeverity = minSeverity;
    if (withoutFix) body.withoutFix = true;
    if (expires) body.expires = `${expires}T00:00:00.000Z`;
    if (await action.run(() => call("POST", inside("/disable-rules"), body))) {
      done();
      close();
    }
  };
  return (
    <Dialog title="Add a disable rule" close={close}>
      <form onSubmit={(e) => void send(e)}>
        <TextField id="name" label="Name" required value={name} set={setName} error={action.error} />
        <TextField id="vulnerabilities" label="Vulnerabilities" lines={3} value={vulnerabilities} set={setVulnerabilities} error={action.error} hint="One a line. Empty: any." />
        <TextField id="digests" label="Images (digests)" lines={2} value={digests} set={setDigests} error={action.error} hint="One a line. Empty: any." />
        <SelectField id="minSeverity" label="Severity" value={minSeverity} set={setMinSeverity} options={[["", "Any"], ["medium", "Below medium"], ["high", "Below high"], ["critical", "Below critical"]]} error={action.error} />
        <CheckField id="withoutFix" label="Only what has no fix" value={withoutFix} set={setWithoutFix} />
        <TextField id="justification" label="Justification" required lines={2} value={justification} set={setJustification} error={action.error} />
        <TextField id="expires" label="Ends on" type="date" value={expires} set={setExpires} error={action.error} />
        <FormError problem={action.error} fields={["name", "vulnerabilities", "digests", "minSeverity", "justification", "expires"]} />
        <div class="actions"><button type="submit" class="main" disabled={action.busy}>Save</button><button type="button" onClick={close}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

function means(r: Rule): string {
  return [
    r.vulnerabilities?.length ? r.vulnerabilities.slice(0, 4).join(", ") + (r.vulnerabilities.length > 4 ? ` and ${r.vulnerabilities.length - 4} more` : "") : null,
    r.digests?.length ? `in ${r.digests.slice(0, 2).map(shortDigest).join(", ")}` : null, r.minSeverity ? `below ${r.minSeverity}` : null, r.withoutFix ? "without a fix" : null,
  ].filter(Boolean).join(", ");
}

export function DisableRules() {
  const data = useData<List<Rule>>(inside("/disable-rules", { cursor: asked("cursor") }), ["exemption", "finding"]);
  const [open, setOpen] = useState(false);
  return (
    <>
      <p class="muted">What a rule fits is not counted as a finding. It stays visible under “exempted”, with the rule's name.</p>
      {may("admin") && <p><button type="button" class="main" onClick={() => setOpen(true)}>Add a rule</button></p>}
      <ListTable data={data} caption="Disable rules" what="rules" id={(r) => r.id} columns={[
        { name: "Rule", head: true, show: (r) => <>{r.name}{r.justification && <p class="small">{r.justification}</p>}</> },
        { name: "Fits", show: (r) => means(r) },
        { name: "State", show: (r) => <State tone={r.enabled ? "good" : "plain"}>{r.enabled ? "on" : "off"}</State> },
        { name: "Ends", show: (r) => (r.expires ? day(r.expires) : "never") },
        { name: "Findings", end: true, show: (r) => (r.findings === null || r.findings === undefined ? "" : number(r.findings)) },
        { name: "Change", quiet: true, show: (r) => may("admin") && (
          <span class="actions">
            <ActionButton work={() => call("PATCH", inside(`/disable-rules/${segment(r.id)}`), { enabled: !r.enabled }).then(data.again)}>{r.enabled ? "Off" : "On"}</ActionButton>
            <ConfirmButton label="Remove" named={r.name} title={`Remove ${r.name}?`} work={() => call("DELETE", inside(`/disable-rules/${segment(r.id)}`)).then(data.again)}><p>What it fits counts again at once.</p></ConfirmButton>
          </span>
        ) },
      ]} empty={<Nothing title="No disable rules" />} />
      {open && <RuleDialog close={() => setOpen(false)} done={data.again} />}
    </>
  );
}

interface Suppression {
  name: string;
  alertType: string;
  state: string;
  reason: string | null;
  comment: string | null;
  expires: string | null;
}

function SuppressionDialog({ close, done }: { close: () => void; done: () => void }) {
  const [name, setName] = useState("");
  const [alertType, setAlertType] = useState("");
  const [reason, setReason] = useState("");
  const [comment, setComment] = useState("");
  const [expires, setExpires] = useState("");
  const action = useAction();
  const send = async (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = { alertType, state: "Enabled", reason };
    if (comment) body.comment = comment;
    if (expires) body.expires = `${expires}T00:00:00.000Z`;
    if (await action.run(() => call("PUT", inside(`/suppression-rules/${segment(name)}`), body))) {
      done();
      close();
    }
  };
  return (
    <Dialog title="Add a suppression rule" close={close}>
      <form onSubmit={(e) => void send(e)}>
        <TextField id="name" label="Name" required value={name} set={setName} error={action.error} />
        <TextField id="alertType" label="Type of alert" required value={alertType} set={setAlertType} error={action.error} hint="As it stands at the alert." />
        <TextField id="reason" label="Reason" required value={reason} set={setReason} error={action.error} />
        <TextField id="comment" label="Comment" lines={2} value={comment} set={setComment} error={action.error} />
        <TextField id="expires" label="Ends on" type="date" value={expires} set={setExpires} error={action.error} />
        <FormError problem={action.error} fields={["name", "alertType", "reason", "comment", "expires"]} />
        <div class="actions"><button type="submit" class="main" disabled={action.busy}>Save</button><button type="button" onClick={close}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

export function SuppressionRules() {
  const data = useData<List<Suppression>>(inside("/suppression-rules", { cursor: asked("cursor") }), ["alert"]);
  const [open, setOpen] = useState(false);
  return (
    <>
      <p class="muted">Alerts that a rule fits are dismissed as they come. They stay in the list, with the rule's name.</p>
      {may("admin") && <p><button type="button" class="main" onClick={() => setOpen(true)}>Add a rule</button></p>}
      <ListTable data={data} caption="Suppression rules" what="rules" id={(r) => r.name} columns={[
        { name: "Rule", head: true, show: (r) => <>{r.name}{r.comment && <p class="small">{r.comment}</p>}</> },
        { name: "Type of alert", show: (r) => <code>{r.alertType}</code> },
        { name: "State", show: (r) => <State tone={/^enabled$/i.test(r.state) ? "good" : "plain"}>{r.state.toLowerCase()}</State> },
        { name: "Reason", show: (r) => r.reason ?? "" },
        { name: "Ends", show: (r) => <Time at={r.expires} /> },
        { name: "Change", quiet: true, show: (r) => may("admin") && (
          <ConfirmButton label="Remove" named={r.name} title={`Remove ${r.name}?`} work={() => call("DELETE", inside(`/suppression-rules/${segment(r.name)}`)).then(data.again)}><p>Alerts of this type are active again from now on.</p></ConfirmButton>
        ) },
      ]} empty={<Nothing title="No suppression rules" />} />
      {open && <SuppressionDialog close={() => setOpen(false)} done={data.again} />}
    </>
  );
}

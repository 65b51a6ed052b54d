import { useState } from "preact/hooks";
import { call, inside, may } from "../api";
import { useAction } from "../data";
import { Dialog, FormError, SelectField, TextField } from "../ui/form";

/** What an exemption would be about; members that are absent do not narrow it. */
export interface ExemptScope {
  title: string;
  assessmentKey?: string;
  vulnerability?: string;
  package?: string;
  digest?: string;
  repository?: string;
  resourceId?: string;
}

const CATEGORIES = [["waiver", "Waiver: the risk is accepted"], ["mitigated", "Mitigated: something else prevents it"]] as const;

export function ExemptDialog({ scope, close, done }: { scope: ExemptScope; close: () => void; done: () => void }) {
  const [category, setCategory] = useState("waiver");
  const [where, setWhere] = useState(scope.digest ? "digest" : scope.resourceId ? "resource" : "all");
  const [justification, setJustification] = useState("");
  const [expires, setExpires] = useState("");
  const action = useAction();
  const wide: [string, string][] = [];
  if (scope.digest) wide.push(["digest", "This image only"]);
  if (scope.repository) wide.push(["repository", `All of ${scope.repository}`]);
  if (scope.resourceId) wide.push(["resource", "This resource only"]);
  wide.push(["all", "Everywhere in the environment"]);
  const send = async (event: Event) => {
    event.preventDefault();
    const body: Record<string, string> = { category, justification };
    for (const name of ["assessmentKey", "vulnerability", "package"] as const) if (scope[name]) body[name] = scope[name];
    if (where === "digest" && scope.digest) body.digest = scope.digest;
    if (where === "repository" && scope.repository) body.repository = scope.repository;
    if (where === "resource" && scope.resourceId) body.resourceId = scope.resourceId;
    if (expires) body.expires = `${expires}T00:00:00.000Z`;
    if (await action.run(() => call("POST", inside("/exemptions"), body))) {
      done();
      close();
    }
  };
  return (
    <Dialog title={`Exempt ${scope.title}`} close={close}>
      <form onSubmit={(e) => void send(e)}>
        <p class="muted">
          {may("admin") ? "It counts at once: the findings stay visible under “exempted”, and no longer count for the score." : "You may ask for it; an admin decides. Until then nothing changes."}
        </p>
        <SelectField id="exempt-category" name="category" label="Why" value={category} set={setCategory} options={CATEGORIES} error={action.error} />
        <SelectField id="exempt-where" label="Where" value={where} set={setWhere} options={wide} />
        <TextField id="exempt-justification" name="justification" label="Justification" required lines={3} value={justification} set={setJustification} error={action.error} />
        <TextField id="exempt-expires" name="expires" label="Ends on" type="date" value={expires} set={setExpires} error={action.error}
          hint="Without a date it stays until somebody revokes it." />
        <FormError problem={action.error} fields={["category", "justification", "expires"]} />
        <div class="actions">
          <button type="submit" class="main" disabled={action.busy}>{may("admin") ? "Exempt" : "Ask for it"}</button>
          <button type="button" onClick={close}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}

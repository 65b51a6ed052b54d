import { useState } from "preact/hooks";
import { call, loadMe, segment } from "../api";
import { useAction, useData, type List } from "../data";
import { sentence } from "../text";
import { Nothing, Time } from "../ui/basic";
import { Dialog, FormError, TextField } from "../ui/form";
import { ListTable } from "../ui/table";

interface Environment {
  id: string;
  name: string;
  role: string;
  created: string | null;
}

function NameDialog({ of, close, done }: { of?: Environment; close: () => void; done: () => void }) {
  const [name, setName] = useState(of?.name ?? "");
  const action = useAction();
  const send = async (event: Event) => {
    event.preventDefault();
    if (await action.run(() => (of ? call("PATCH", `/environments/${segment(of.id)}`, { name }) : call("POST", "/environments", { name })).then(loadMe))) {
      done();
      close();
    }
  };
  return (
    <Dialog title={of ? `Rename ${of.name}` : "Add an environment"} close={close}>
      <form onSubmit={(e) => void send(e)}>
        <TextField id="name" label="Name" required value={name} set={setName} error={action.error} />
        <FormError problem={action.error} fields={["name"]} />
        <div class="actions"><button type="submit" class="main" disabled={action.busy}>Save</button><button type="button" onClick={close}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

export function Environments() {
  const data = useData<List<Environment>>("/environments");
  const [open, setOpen] = useState<Environment | "new">();
  return (
    <>
      <p class="muted">An environment is what Azure calls a subscription: what is in one is not seen from another.</p>
      <p><button type="button" class="main" onClick={() => setOpen("new")}>Add an environment</button></p>
      <ListTable data={data} caption="Environments" what="environments" id={(e) => e.id} columns={[
        { name: "Environment", head: true, show: (e) => <>{e.name}<p class="muted small"><code>{e.id}</code></p></> },
        { name: "Your role", show: (e) => sentence(e.role ?? "") },
        { name: "Since", show: (e) => <Time at={e.created} none="unknown" /> },
        { name: "Change", quiet: true, show: (e) => <button type="button" aria-label={`Rename ${e.name}`} onClick={() => setOpen(e)}>Rename</button> },
      ]} empty={<Nothing title="No environment is yours to see" />} />
      {open && <NameDialog of={open === "new" ? undefined : open} close={() => setOpen(undefined)} done={data.again} />}
    </>
  );
}

// Fields with their label, hint and error; dialogs; buttons that do something and say how it went.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api";
import { useAction } from "../data";

interface FieldProps {
  id: string;
  label: string;
  hint?: ComponentChildren;
  error?: Problem | undefined; // shown here where the server names this field
  name?: string; // the server's name of the field, where it is not the id
}

const isOf = (problem: Problem | undefined, name: string) => (problem?.field?.split("/")[0] === name ? problem : undefined);

function describe({ id, hint, error, name }: FieldProps): string | undefined {
  return [hint && `${id}-hint`, isOf(error, name ?? id) && `${id}-error`].filter(Boolean).join(" ") || undefined;
}

function Around({ children, ...props }: FieldProps & { children: ComponentChildren }) {
  const wrong = isOf(props.error, props.name ?? props.id);
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {children}
      {props.hint && (
        <p class="field-hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
      {wrong && (
        <p class="field-error" id={`${props.id}-error`} role="alert">
          {wrong.text}
        </p>
      )}
    </div>
  );
}

type TextProps = FieldProps & {
  value: string;
  set: (value: string) => void;
  type?: "text" | "password" | "email" | "number" | "date" | "url";
  required?: boolean;
  placeholder?: string;
  autocomplete?: string;
  min?: string | number;
  max?: string | number;
  lines?: number;
};

export function TextField(props: TextProps) {
  const common = {
    id: props.id, value: props.value, required: props.required, placeholder: props.placeholder,
    "aria-describedby": describe(props), "aria-invalid": isOf(props.error, props.name ?? props.id) ? ("true" as const) : undefined,
  };
  return (
    <Around {...props}>
      {props.lines ? (
        <textarea {...common} rows={props.lines} onInput={(e) => props.set(e.currentTarget.value)} />
      ) : (
        <input {...common} type={(props.type ?? "text") as "text" /* its types want one at a time */} autocomplete={props.autocomplete ?? "off"} spellcheck={false} min={props.min}
          max={props.max} onInput={(e) => props.set(e.currentTarget.value)} />
      )}
    </Around>
  );
}

export type Options = readonly (readonly [string, string])[];

export function SelectField(props: FieldProps & { value: string; set: (value: string) => void; options: Options }) {
  return (
    <Around {...props}>
      <select id={props.id} value={props.value} aria-describedby={describe(props)} onChange={(e) => props.set(e.currentTarget.value)}>
        {props.options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </Around>
  );
}

export function CheckField(props: FieldProps & { value: boolean; set: (value: boolean) => void }) {
  return (
    <div class="field check">
      <input type="checkbox" id={props.id} checked={props.value} aria-describedby={describe(props)} onChange={(e) => props.set(e.currentTarget.checked)} />
      <label for={props.id}>{props.label}</label>
      {props.hint && (
        <p class="field-hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function CheckGroup({ label, options, value, set }: { label: string; options: Options; value: string[]; set: (value: string[]) => void }) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {options.map(([one, name]) => (
        <label key={one} class="option">
          <input type="checkbox" checked={value.includes(one)} onChange={(e) =>
            set(e.currentTarget.checked ? [...value, one] : value.filter((v) => v !== one))} />{" "}
          {name}
        </label>
      ))}
    </fieldset>
  );
}

/** What went wrong with a form as a whole; one field's error stands at the field. */
export function FormError({ problem, fields = [] }: { problem: Problem | undefined; fields?: string[] }) {
  if (!problem || (problem.field && fields.includes(problem.field.split("/")[0] ?? ""))) return null;
  return (
    <p class="field-error" role="alert">
      {problem.message}
    </p>
  );
}

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => (before as HTMLElement | null)?.focus?.();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close} onCancel={close}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

/** A button whose work may fail: what went wrong is said beside it. */
export function ActionButton({ children, work, kind, done }: { children: ComponentChildren; work: () => Promise<unknown>; kind?: string; done?: string }) {
  const action = useAction();
  const [told, setTold] = useState("");
  const click = async () => {
    setTold("");
    if ((await action.run(work)) && done) setTold(done);
  };
  return (
    <span class="action">
      <button type="button" class={kind} disabled={action.busy} onClick={() => void click()}>
        {children}
      </button>
      <span role="status" class="muted">
        {told && ` ${told}`}
      </span>
      {action.error && (
        <span class="field-error" role="alert">
          {" "}
          {action.error.message}
        </span>
      )}
    </span>
  );
}

interface ConfirmProps {
  label: string;
  title: string;
  children: ComponentChildren; // what will happen
  work: () => Promise<unknown>;
  named?: string; // for readers: which one
}

/** A button that asks before it does what cannot be taken back. */
export function ConfirmButton({ label, title, children, work, named }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  const action = useAction();
  const run = async () => {
    if (await action.run(work)) setOpen(false);
  };
  return (
    <>
      <button type="button" class="danger" aria-label={named ? `${label}: ${named}` : undefined} onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <Dialog title={title} close={() => setOpen(false)}>
          {children}
          <FormError problem={action.error} />
          <div class="actions">
            <button type="button" class="danger" disabled={action.busy} onClick={() => void run()}>
              {label}
            </button>
            <button type="button" onClick={() => setOpen(false)}>
              Keep it
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

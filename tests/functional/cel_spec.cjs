// Prints cel-spec's conformance tests out of the npm package @bufbuild/cel-spec as JSON lines, in the form of the foreign cases:
// node cel_spec.cjs FOLDER, where FOLDER/node_modules has the package.
const { createRequire } = require("module");
const path = require("path");
const load = createRequire(path.resolve(process.argv[2], "package.json"));
const { tests } = load("@bufbuild/cel-spec/testdata/conformance.js");

const scalars = { int64Value: "int", uint64Value: "uint", stringValue: "string", bytesValue: "bytes", boolValue: "bool" };

function value(v) {
  for (const [from, to] of Object.entries(scalars)) if (from in v) return { [to]: v[from] };
  if ("nullValue" in v) return { null: null };
  if ("doubleValue" in v) return { double: String(v.doubleValue) };
  if ("listValue" in v) return { list: (v.listValue.values ?? []).map(value) };
  if ("mapValue" in v) return { map: (v.mapValue.entries ?? []).map((e) => [value(e.key), value(e.value)]) };
  if ("typeValue" in v) return { type: v.typeValue };
  return null; // messages and enums: not in Kubernetes
}

const wellKnown = { TIMESTAMP: "google.protobuf.Timestamp", DURATION: "google.protobuf.Duration", ANY: "dyn" };
const primitives = { BOOL: "bool", INT64: "int", UINT64: "uint", DOUBLE: "double", STRING: "string", BYTES: "bytes" };

function type(t) {
  if (t.primitive) return primitives[t.primitive] ?? null;
  if (t.wellKnown) return wellKnown[t.wellKnown] ?? null;
  if (t.listType) return `list(${type(t.listType.elemType ?? {})})`;
  if (t.mapType) return `map(${type(t.mapType.keyType ?? {})}, ${type(t.mapType.valueType ?? {})})`;
  return "dyn" in t ? "dyn" : null;
}

function row(file, section, t) {
  const r = { file, section, name: t.name, expr: t.expr };
  let plain = true;
  if (t.container) r.container = t.container;
  if (t.disableCheck) r.disable_check = true;
  if (t.checkOnly) plain = false;
  for (const d of t.typeEnv ?? []) {
    const text = d.ident ? type(d.ident.type ?? {}) : null;
    if (!text) plain = false;
    (r.type_env ??= []).push({ name: d.name, type: text });
  }
  for (const [name, b] of Object.entries(t.bindings ?? {})) {
    (r.bindings ??= {})[name] = b.value ? value(b.value) : null;
    if (!r.bindings[name]) plain = false;
  }
  if (t.evalError) r.expect = { error: (t.evalError.errors ?? []).map((e) => e.message) };
  else if (t.value) r.expect = { value: value(t.value) };
  else if (!t.typedResult) r.expect = { value: { bool: true } };
  if (!r.expect || r.expect.value === null) plain = false;
  return plain ? r : null;
}

function walk(suite, file, section) {
  for (const t of suite.tests ?? []) {
    const r = row(file, section, t.original);
    if (r) console.log(JSON.stringify(r));
  }
  for (const s of suite.suites ?? []) walk(s, file ?? s.name, file ? s.name : section);
}
walk(tests);

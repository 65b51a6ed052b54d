// Validates reports against the schemas of their formats. Use: node validate_reports.cjs SCHEMAS KIND SCHEMA FILE...
// SCHEMAS is the folder with node_modules; KIND is report, cyclonedx or sarif. Prints the first errors; exit 4 where there are any.
const fs = require("fs");
const path = require("path");
const [modules, kind, ...files] = process.argv.slice(2);
const need = (name) => require(path.join(modules, "node_modules", name));
const read = (file) => JSON.parse(fs.readFileSync(file, "utf8"));
const options = { strict: false, allErrors: true, validateFormats: true };
const addFormats = need("ajv-formats");
const addFormatsOf = addFormats.default || addFormats;
let check;

if (kind === "report") {
  const Ajv = need("ajv/dist/2020");
  const ajv = addFormatsOf(new (Ajv.default || Ajv)({ ...options, strict: true, strictTypes: false, strictRequired: false }));
  check = ajv.compile(read(files.shift()));
} else if (kind === "cyclonedx") {
  const Ajv = need("ajv");
  const ajv = addFormatsOf(new (Ajv.default || Ajv)(options));
  ajv.addFormat("iri-reference", (s) => !/[\s"<>\\^`{|}]/.test(s));
  ajv.addFormat("idn-email", true);
  const folder = path.join(modules, "node_modules/@cyclonedx/cyclonedx-library/res/schema");
  for (const name of ["spdx", "jsf-0.82", "cryptography-defs"]) {
    const file = path.join(folder, `${name}.SNAPSHOT.schema.json`);
    const schema = read(file);
    delete schema.$id; // the main schema refers to them by file name
    ajv.addSchema(schema, `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  check = ajv.compile(read(path.join(folder, "bom-1.6.SNAPSHOT.schema.json")));
} else {
  const Ajv = need("ajv-draft-04");
  const ajv = addFormatsOf(new (Ajv.default || Ajv)({ ...options, unicodeRegExp: false }));
  check = ajv.compile(read(path.join(modules, "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")));
}

let failed = 0;
for (const file of files) {
  if (check(read(file))) continue;
  failed = 4;
  for (const e of check.errors.slice(0, 5)) console.log(`${file}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
process.exit(failed);

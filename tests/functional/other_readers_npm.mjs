// other_readers_npm.mjs CDXGEN READER FILE: what cdxgen (the folder of its npm package) finds in a file, as JSON: [[name, version]...]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const [module, reader, path] = process.argv.slice(2);
process.env.COCOA_MERGE_SUBSPECS = "false"; // a pod for each line, as they stand in the file
const cdxgen = await import(join(module, "lib/helpers/utils.js"));
const text = readFileSync(path, "utf8");

const readers = {
  // "resolved" is missing in projects of the solution, which are no packages.
  "nuget/packages-lock": () => cdxgen.parseCsPkgLockData(text, path).pkgList.filter((p) => p.version),
  "cocoapods/lock": async () => {
    const yaml = createRequire(join(module, "package.json"))("yaml");
    const pods = await cdxgen.parsePodfileLock(yaml.parse(text), dirname(path));
    return [...pods.values()].map((pod) => pod.metadata);
  },
  "go/sum": () => cdxgen.parseGosumData(text),
};
const packages = await readers[reader]();
console.log(JSON.stringify(packages.map((p) => [p.group ? `${p.group}/${p.name}` : p.name, p.version])));

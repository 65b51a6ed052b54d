// Makes dist/ from src/: one script, one style sheet, a small script that sets the colours before the first
// paint, and the page that names them. Names carry a hash of what is inside, so that they never change.
//   node build.mjs            writes dist/
//   node build.mjs --verify   says whether dist/ is what this would write
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const FIRST_LOAD_MAX = 80_000; // bytes of all that the first page needs, by gzip

function named(name, ending, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  return `assets/${name}-${hash}.${ending}`;
}

async function bundle(entry, options) {
  const result = await build({
    entryPoints: [join(here, "src", entry)], absWorkingDir: here, bundle: true, minify: true, write: false, target: "es2022",
    charset: "utf8", legalComments: "none", logLevel: "warning", outdir: dist, ...options,
  });
  if (result.outputFiles.length !== 1) throw new Error(`${entry}: one file was expected`);
  return Buffer.from(result.outputFiles[0].contents);
}

function licences() {
  return Buffer.from(["preact", "@preact/signals", "@preact/signals-core"].map((name) => {
    const folder = join(here, "node_modules", name);
    const version = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
  }).join("\n----\n\n"));
}

async function make() {
  const files = new Map();
  const add = (name, ending, bytes) => {
    const path = named(name, ending, bytes);
    files.set(path, bytes);
    return "/" + path;
  };
  const notices = add("licences", "txt", licences());
  const app = add("app", "js", await bundle("main.tsx", {
    format: "esm", jsx: "automatic", jsxImportSource: "preact",
    define: { LICENCES: JSON.stringify(notices) },
  }));
  const theme = add("theme", "js", await bundle("theme-first.ts", { format: "iife" }));
  const style = add("style", "css", await bundle("style.css", {}));
  const icon = add("icon", "svg", readFileSync(join(here, "src/icon.svg")));
  files.set("index.html", Buffer.from(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Vallum</title>
<link rel="icon" href="${icon}" type="image/svg+xml">
<script src="${theme}"></script>
<link rel="stylesheet" href="${style}">
<script type="module" src="${app}"></script>
</head>
<body>
<div id="app"></div>
<noscript>This portal needs JavaScript. Everything in it is also in the command line: vallum --help.</noscript>
</body>
</html>
`));
  const first = ["index.html", app.slice(1), theme.slice(1), style.slice(1), icon.slice(1)];
  const size = first.reduce((sum, name) => sum + gzipSync(files.get(name), { level: 9 }).length, 0);
  return { files, size };
}

function onDisk() {
  const found = new Map();
  try {
    for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      if (entry.isFile()) found.set(relative(dist, path), readFileSync(path));
    }
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return found;
}

const { files, size } = await make();
if (size > FIRST_LOAD_MAX) {
  console.error(`first load: ${size} bytes by gzip, more than ${FIRST_LOAD_MAX}`);
  process.exit(1);
}
if (process.argv.includes("--verify")) {
  const disk = onDisk();
  const wrong = [...new Set([...files.keys(), ...disk.keys()])]
    .filter((name) => !files.has(name) || !disk.has(name) || !files.get(name).equals(disk.get(name)));
  for (const name of wrong) console.error(`dist/${name} is not what the sources make: npm run build`);
  if (wrong.length) process.exit(1);
} else {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, "assets"), { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(dist, name), bytes);
}
console.log(`first load: ${size} of ${FIRST_LOAD_MAX} bytes by gzip`);

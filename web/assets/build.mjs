// Bundles web/assets/ts/*.ts and web/assets/css/*.css into web/static/ (one file an entry).
// A package of pages adds ts/<package>.ts and css/<package>.css and names them in its template.
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static");

async function entries(folder, ending) {
  const names = await readdir(join(here, folder));
  return names
    .filter((name) => name.endsWith(ending) && !name.endsWith(".d.ts"))
    .map((name) => join(here, folder, name));
}

const options = {
  entryPoints: [...(await entries("ts", ".ts")), ...(await entries("css", ".css"))],
  entryNames: "[name]",
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["chrome110", "firefox110", "safari16"],
  minify: true,
  sourcemap: false,
  legalComments: "none",
  logLevel: "info",
  loader: { ".svg": "dataurl" },
};

if (process.argv.includes("--watch")) {
  const running = await context(options);
  await running.watch();
} else {
  // each file takes its predecessor's place at once: a service that is running never misses one
  const { outputFiles } = await build({ ...options, write: false });
  await mkdir(out, { recursive: true });
  const made = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const { path, contents } of outputFiles) {
    const fresh = join(out, `.${basename(path)}.${process.pid}`);
    await writeFile(fresh, contents);
    await rename(fresh, path);
  }
  for (const name of await readdir(out)) {
    if (!made.has(name) && !name.startsWith(".")) await rm(join(out, name), { recursive: true });
  }
  console.log(`web/static: ${[...made].sort().join(" ")}`);
}

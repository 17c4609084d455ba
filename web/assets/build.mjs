// Bundles web/assets/ts/*.ts and web/assets/css/*.css into web/static/ (one file an entry).
// A package of pages adds ts/<package>.ts and css/<package>.css and names them in its template.
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
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
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build(options);
}

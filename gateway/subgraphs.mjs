// The subgraphs of the supergraph: name, URL and SDL of each.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const file = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** The schema of the allowances, as the repository holds it. */
export const ALLOWANCES_SCHEMA = file("../schema.graphql");

/** Both subgraphs; `allowancesSchema` is the path of the allowances' SDL. */
export async function readSubgraphs(allowancesSchema = ALLOWANCES_SCHEMA) {
  const { ALLOWANCES_URL, WELFARE_CARD_URL } = process.env;
  return [
    {
      name: "allowances",
      url: ALLOWANCES_URL || "http://127.0.0.1:8000/graphql",
      sdl: await read(allowancesSchema),
    },
    {
      name: "welfare-card",
      url: WELFARE_CARD_URL || "http://127.0.0.1:4001/graphql",
      sdl: await read(file("welfare-card.graphql")),
    },
  ];
}

async function read(path) {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    throw new Error(`${path} is missing. \`.venv/bin/allowances schema > schema.graphql\` makes it.`);
  }
}

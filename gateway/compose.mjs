// Composes the supergraph that the gateway serves.
//   ALLOWANCES_URL, WELFARE_CARD_URL   where the gateway finds the subgraphs
//   SUPERGRAPH                         the file to write, by default supergraph.graphql beside this
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { theGuild } from "./composers.mjs";
import { readSubgraphs } from "./subgraphs.mjs";

try {
  const { errors, supergraph } = theGuild(await readSubgraphs());
  if (errors.length > 0) {
    throw new Error(errors.map(({ message }) => message).join("\n"));
  }
  const output = process.env.SUPERGRAPH || fileURLToPath(new URL("supergraph.graphql", import.meta.url));
  await writeFile(output, supergraph);
} catch (error) {
  console.error(`The supergraph does not compose.\n${error.message}`);
  process.exitCode = 1;
}

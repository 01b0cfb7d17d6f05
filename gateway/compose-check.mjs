// Composes the subgraphs with every composer and prints one line each; exit code 1 if one refuses.
//   node compose-check.mjs [schema.graphql]   another SDL of the allowances than the repository's
import { COMPOSERS } from "./composers.mjs";
import { readSubgraphs } from "./subgraphs.mjs";

const subgraphs = await readSubgraphs(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exit(1);
});

for (const [name, compose] of Object.entries(COMPOSERS)) {
  const errors = errorsOf(compose);
  console.log(`${name}: ${errors.length === 0 ? "composes" : `refuses, ${errors.length} error(s)`}`);
  for (const line of errors.flatMap(({ message }) => message.split("\n"))) {
    console.error(`${name}: ${line}`);
    process.exitCode = 1;
  }
}

// A composer may throw on what it can not read, and the others are still to be asked.
function errorsOf(compose) {
  try {
    return compose(subgraphs).errors;
  } catch (error) {
    return [error];
  }
}

// Runs graphql-http's audits of GraphQL over HTTP against a server, one line each and the sum; exit
// code 1 unless every one is ok.
//   node http-audits.mjs http://127.0.0.1:8000/graphql
import { auditServer } from "graphql-http";

const url = process.argv[2];
if (!url) {
  console.error("Which server? node http-audits.mjs http://127.0.0.1:8000/graphql");
  process.exit(2);
}

// Audits throw where nobody answers, and the library's sentence of that names nothing.
await fetch(url, { method: "POST" }).catch(() => {
  console.error(`Nothing answers at ${url}.`);
  process.exit(2);
});

const audits = await auditServer({ url });
for (const { id, name, status, reason } of audits) {
  console.log(`${id} ${status}: ${name}${reason ? ` (${reason})` : ""}`);
}
const ok = audits.filter(({ status }) => status === "ok").length;
console.log(`${ok} of ${audits.length} ok`);
process.exitCode = ok === audits.length ? 0 : 1;

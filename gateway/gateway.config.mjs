import { defineConfig } from "@graphql-hive/gateway";
import { unifiedGraphHandler } from "@graphql-hive/router-runtime";

import { logger } from "./log.mjs";

const FORWARDED = ["authorization", "x-purpose", "x-demo-today"];

const lowerCased = (params) =>
  Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

export const gatewayConfig = defineConfig({
  supergraph: process.env.SUPERGRAPH || "supergraph.graphql",
  host: "127.0.0.1",
  port: Number(process.env.GATEWAY_PORT || 4000),
  fork: 1,
  unifiedGraphHandler, // the Rust planner
  propagateHeaders: {
    fromClientToSubgraphs({ request, context }) {
      const params = lowerCased(context?.connectionParams); // who connects by WebSocket says it there
      const sent = FORWARDED.map((name) => [name, params[name] ?? request.headers.get(name)]);
      return Object.fromEntries(sent.filter(([, value]) => typeof value === "string"));
    },
  },
  landingPage: false, // loads from a CDN
  logging: logger("warn"),
});

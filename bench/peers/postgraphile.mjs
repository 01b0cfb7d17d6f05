// PostGraphile 5: the schema that it generates. The tables have no foreign keys; smart tags name them.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgSmartTagsPlugin } from "postgraphile/utils";

const relations = {
  citizen: "(local_authority_code) references local_authority (code)",
  registration: ["(citizen_id) references citizen (id)", "(citizen_id, bank_account_id) references bank_account (citizen_id, id)"],
  payment: [
    "(citizen_id, scheme) references registration (citizen_id, scheme)",
    "(citizen_id, bank_account_id) references bank_account (citizen_id, id)",
  ],
};
const tags = Object.entries(relations).map(([table, foreignKey]) => ({
  kind: "class",
  match: `public.${table}`,
  tags: { foreignKey },
}));

const pool = new pg.Pool({ max: Number(process.env.POOL_SIZE) });
const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [makePgSmartTagsPlugin(tags)],
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, maxRequestLength: 4_000_000 },
  grafast: { explain: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");

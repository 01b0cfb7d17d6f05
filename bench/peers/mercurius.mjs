// Mercurius with its JIT and its loaders; the federation is its own plugin's.
import { mercuriusFederationPlugin } from "@mercuriusjs/federation";
import Fastify from "fastify";
import * as data from "./data.mjs";

const batch = (loader) => ({ loader, opts: { cache: false } }); // each key is asked once a level

const resolvers = {
  Query: {
    citizen: async (_, { id }) => (await data.citizens([data.citizenIdOf(id)]))[0],
  },
};

const loaders = {
  Citizen: {
    __resolveReference: batch((queries) => data.citizens(queries.map(({ obj }) => data.citizenIdOf(obj.id)))),
    localAuthority: batch((queries) => data.authorities(queries.map(({ obj }) => obj.authorityCode))),
    entitlements: batch(async (queries) => {
      const found = await data.registrations(queries.map(({ obj }) => obj.citizenId));
      return found.map((rows, at) => data.only(rows, queries[at].params.scheme));
    }),
  },
  Entitlement: {
    bankAccount: batch((queries) => data.accounts(queries.map(({ obj }) => obj))),
    payments: batch((queries) =>
      data.payments(
        queries.map(({ obj, params }) => ({ citizenId: obj.citizenId, scheme: obj.scheme, first: params.first })),
      ),
    ),
  },
  Payment: {
    bankAccount: batch((queries) => data.accounts(queries.map(({ obj }) => obj))),
  },
};

const app = Fastify({ bodyLimit: 4_000_000 });
app.register(mercuriusFederationPlugin, { schema: data.schema, resolvers, loaders, jit: 1, path: "/graphql" });
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });

// An Apollo Server subgraph with DataLoader, over Fastify.
import { ApolloServer } from "@apollo/server";
import { ApolloServerPluginInlineTraceDisabled } from "@apollo/server/plugin/disabled";
import { buildSubgraphSchema } from "@apollo/subgraph";
import fastifyApollo, { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import DataLoader from "dataloader";
import Fastify from "fastify";
import { parse } from "graphql";
import * as data from "./data.mjs";

const resolvers = {
  Query: {
    citizen: (_, { id }, { citizens }) => citizens.load(data.citizenIdOf(id)),
  },
  Citizen: {
    __resolveReference: ({ id }, { citizens }) => citizens.load(data.citizenIdOf(id)),
    localAuthority: ({ authorityCode }, _, { authorities }) => authorities.load(authorityCode),
    entitlements: async ({ citizenId }, { scheme }, { registrations }) =>
      data.only(await registrations.load(citizenId), scheme),
  },
  Entitlement: {
    bankAccount,
    payments: ({ citizenId, scheme }, { first }, { payments }) =>
      payments.load({ citizenId, scheme, first }),
  },
  Payment: { bankAccount },
};

function bankAccount({ citizenId, accountId }, _, { accounts }) {
  return accountId === null ? null : accounts.load({ citizenId, accountId });
}

const loaders = async () => ({
  citizens: new DataLoader(data.citizens),
  authorities: new DataLoader(data.authorities),
  registrations: new DataLoader(data.registrations),
  accounts: new DataLoader(data.accounts, { cacheKeyFn: (key) => `${key.citizenId}${key.accountId}` }),
  payments: new DataLoader(data.payments, {
    cacheKeyFn: (key) => `${key.citizenId}${key.scheme}${key.first}`,
  }),
});

const app = Fastify({ bodyLimit: 4_000_000 });
const server = new ApolloServer({
  schema: buildSubgraphSchema([{ typeDefs: parse(data.schema), resolvers }]),
  plugins: [fastifyApolloDrainPlugin(app), ApolloServerPluginInlineTraceDisabled()],
});
await server.start();
await app.register(fastifyApollo(server), { path: "/graphql", context: loaders });
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });

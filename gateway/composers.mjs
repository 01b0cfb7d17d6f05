// The three composers behind one shape: subgraphs in, `{ errors, supergraph }` out.
import { composeServices as composeWithApollo } from "@apollo/composition";
import { composeServices as composeWithTheGuild } from "@theguild/federation-composition";
import { ROUTER_COMPATIBILITY_VERSION_ONE, federateSubgraphs } from "@wundergraph/composition";
import { parse } from "graphql";

const services = (subgraphs) =>
  subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));

const outcome = ({ errors, supergraphSdl }) => ({ errors: errors ?? [], supergraph: supergraphSdl });

export const apollo = (subgraphs) => outcome(composeWithApollo(services(subgraphs)));

export const theGuild = (subgraphs) => outcome(composeWithTheGuild(services(subgraphs)));

/** Gives no supergraph: Cosmo's router reads a format of its own. */
export function wunderGraph(subgraphs) {
  const definitions = subgraphs.map(({ name, url, sdl }) => ({ name, url, definitions: parse(sdl) }));
  const version = ROUTER_COMPATIBILITY_VERSION_ONE;
  const result = federateSubgraphs({ subgraphs: definitions, version });
  return { errors: result.success ? [] : result.errors };
}

/** By the name of the package that composes. */
export const COMPOSERS = {
  "@apollo/composition": apollo,
  "@theguild/federation-composition": theGuild,
  "@wundergraph/composition": wunderGraph,
};

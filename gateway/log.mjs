// The gateway's log, without people. An error of a subgraph carries what was asked of it and what it
// answered, so a person's number would stand in the log as soon as a connection breaks.

import { ConsoleLogWriter, Logger, jsonStringify } from "@graphql-hive/gateway";

const LEFT_OUT = new Set(["authorization", "body", "headers", "query", "url", "variables"]);
const NUMBERS = /\d(?:[ -]?\d){8,}/g; // national IDs and account numbers, however they are grouped
const TOKENS = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

const masked = (text) => text.replace(NUMBERS, "[number]").replace(TOKENS, "[token]");

function withoutPeople(key, value) {
  if (LEFT_OUT.has(key)) return "[left out]";
  return typeof value === "string" ? masked(value) : value;
}

class WithoutPeople {
  #console = new ConsoleLogWriter();

  write(level, attrs, message) {
    const kept = attrs && JSON.parse(jsonStringify(attrs), withoutPeople);
    this.#console.write(level, kept, message && masked(message));
  }
}

export const logger = (level) => new Logger({ level, writers: [new WithoutPeople()] });

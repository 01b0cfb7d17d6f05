/* global GraphiQL, React, ReactDOM */

const settings = JSON.parse(document.getElementById("settings").textContent);
const element = (id) => document.getElementById(id);

/* Tokens live in this module's memory alone: not in the URL, not in the browser's storage. */
const personas = new Map();

function token() {
  const persona = personas.get(element("persona").value);
  return persona ? persona.token : element("token").value.trim().replace(/^bearer\s+/i, "");
}

function headersWith(typed, accept) {
  const headers = new Headers({ Accept: accept, "Content-Type": "application/json" });
  if (token()) headers.set("Authorization", `Bearer ${token()}`);
  if (element("today").value) headers.set("X-Demo-Today", element("today").value);
  for (const [name, value] of Object.entries(typed ?? {})) headers.set(name, value);
  return headers;
}

function post(params, typed, accept, signal) {
  const headers = headersWith(typed, accept);
  return fetch("graphql", { method: "POST", headers, body: JSON.stringify(params), signal });
}

async function answer(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The server answered ${response.status} without JSON.` }] };
  }
}

async function ask(params, typed) {
  const accept = "application/graphql-response+json, application/json;q=0.9";
  return answer(await post(params, typed, accept));
}

/* GraphQL over server-sent events, "distinct connections": events `next`, then `complete`.
   A generator that waits for its next event does not hear `return`; the abort wakes it. */
function subscribe(params, typed) {
  const stop = new AbortController();
  const events = eventsOf(params, typed, stop.signal);
  const end = events.return.bind(events);
  events.return = (value) => {
    stop.abort();
    return end(value);
  };
  return events;
}

async function* eventsOf(params, typed, signal) {
  try {
    const response = await post(params, typed, "text/event-stream", signal);
    if (response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      yield* results(response.body.pipeThrough(new TextDecoderStream()).getReader());
    } else {
      yield await answer(response);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* results(reader) {
  let unread = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (unread + value).split(/\r?\n\r?\n/);
    unread = events.pop();
    for (const event of events.map(parsed)) {
      if (event.event === "complete") return;
      if (event.event === "next") yield JSON.parse(event.data);
    }
  }
}

function parsed(event) {
  const fields = event.split(/\r?\n/).map((line) => line.match(/^(\w+): ?(.*)$/));
  return Object.fromEntries(fields.filter(Boolean).map(([, name, value]) => [name, value]));
}

function operationOf({ query, operationName }) {
  const operations = GraphiQL.GraphQL.parse(query).definitions.filter((each) => each.operation);
  const named = operations.find((each) => each.name?.value === operationName);
  return named ?? (operations.length === 1 ? operations[0] : undefined);
}

/* Just after a change of tab GraphiQL still names the operation of the tab before: we look. */
function current(params) {
  try {
    const operation = operationOf(params);
    if (!operation) return { params };
    const operationName = operation.name?.value;
    return { params: { ...params, operationName }, kind: operation.operation };
  } catch {
    return { params };
  }
}

function fetcher(given, options) {
  const { params, kind } = current(given);
  return (kind === "subscription" ? subscribe : ask)(params, options?.headers);
}

/* What GraphiQL would keep in localStorage (queries, variables, headers) may name a citizen. */
function memory() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, String(value)),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    get length() {
      return items.size;
    },
  };
}

async function offerPersonas() {
  const response = await fetch(settings.personasUrl, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`personas: ${response.status}`);
  for (const persona of await response.json()) {
    personas.set(persona.name, persona);
    element("persona").add(new Option(persona.name, persona.name));
  }
}

function describePersona() {
  const persona = personas.get(element("persona").value);
  element("persona-description").textContent = persona?.description ?? "";
}

async function offerViewer() {
  try {
    if (!settings.personasUrl) throw new Error("no personas here");
    await offerPersonas();
    element("persona").addEventListener("change", describePersona);
    element("persona").value = "";
    element("persona-field").hidden = element("today-field").hidden = false;
  } catch {
    element("token-field").hidden = false;
  }
}

function showGraphiQL() {
  const properties = {
    fetcher,
    storage: memory(),
    shouldPersistHeaders: false,
    defaultTabs: settings.screens.map(({ document: query }) => ({ query })),
    inputValueDeprecation: true,
  };
  ReactDOM.render(React.createElement(GraphiQL, properties), element("graphiql"));
}

showGraphiQL();
offerViewer();

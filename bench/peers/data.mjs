// The statements of the Node peers: one prepared statement for all keys, rows as the schema has them.
import { readFileSync } from "node:fs";
import pg from "pg";

const { Pool, types } = pg;
const DATE = 1082;
types.setTypeParser(DATE, (text) => text); // as it is answered, not as a Date

export const pool = new Pool({ max: Number(process.env.POOL_SIZE) });
export const schema = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");

const statement = (name) => readFileSync(new URL(`sql/${name}.sql`, import.meta.url), "utf8");
const CITIZENS = statement("citizens");
const AUTHORITIES = statement("authorities");
const REGISTRATIONS = statement("registrations");
const ACCOUNTS = statement("accounts");
const PAYMENTS = statement("payments");

const ask = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const unique = (values) => [...new Set(values)];

function byKey(rows, keyOf) {
  const found = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    const group = found.get(key);
    if (group === undefined) found.set(key, [row]);
    else group.push(row);
  }
  return found;
}

export function citizenIdOf(text) {
  const hex = Buffer.from(text, "base64url").toString("hex", 1);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const textOf = (uuid) => Buffer.from(`43${uuid.replaceAll("-", "")}`, "hex").toString("base64url");

export async function citizens(ids) {
  const rows = await ask("citizens", CITIZENS, [unique(ids)]);
  const found = new Map(rows.map((row) => [row.id, citizen(row)]));
  return ids.map((id) => found.get(id) ?? null);
}

function citizen(row) {
  return {
    __typename: "Citizen",
    citizenId: row.id,
    id: textOf(row.id),
    title: row.title,
    givenName: row.given_name,
    familyName: row.family_name,
    birthDate: row.birth_date,
    birthDatePrecision: row.birth_date_precision,
    authorityCode: row.local_authority_code,
  };
}

export async function authorities(codes) {
  const rows = await ask("authorities", AUTHORITIES, [unique(codes)]);
  const found = new Map(rows.map((row) => [row.code, row]));
  return codes.map((code) => found.get(code));
}

export async function registrations(ids) {
  const rows = await ask("registrations", REGISTRATIONS, [unique(ids)]);
  const found = byKey(rows.map(registration), (row) => row.citizenId);
  return ids.map((id) => found.get(id) ?? []);
}

function registration(row) {
  return {
    citizenId: row.citizen_id,
    scheme: row.scheme,
    registeredOn: row.registered_on,
    accountId: row.bank_account_id,
  };
}

// Keys: { citizenId, accountId }, of which accountId may be null.
export async function accounts(keys) {
  const asked = unique(keys.filter((key) => key.accountId !== null).map((key) => key.citizenId));
  const rows = asked.length ? await ask("accounts", ACCOUNTS, [asked]) : [];
  const found = new Map(rows.map((row) => [`${row.citizen_id}${row.id}`, account(row)]));
  return keys.map((key) => found.get(`${key.citizenId}${key.accountId}`) ?? null);
}

function account(row) {
  return {
    bank: { code: row.bank_code },
    maskedNumber: `xxxxxx${row.last_four}`,
    accountName: row.name,
    holder: row.holder,
    active: row.active,
  };
}

// Keys: { citizenId, scheme, first }; those of one `first` share a statement.
export async function payments(keys) {
  const pages = new Map();
  for (const [first, some] of byKey(keys, (key) => key.first)) {
    const ids = unique(some.map((key) => key.citizenId));
    const schemes = unique(some.map((key) => key.scheme));
    const rows = (await ask("payments", PAYMENTS, [ids, schemes, first + 1])).map(payment);
    for (const [key, group] of byKey(rows, pageKey)) pages.set(`${key}${first}`, page(group, first));
  }
  return keys.map((key) => pages.get(`${pageKey(key)}${key.first}`) ?? page([], key.first));
}

const pageKey = (key) => `${key.citizenId}${key.scheme}`;

const page = (rows, first) => ({
  nodes: rows.length > first ? rows.slice(0, first) : rows,
  pageInfo: { hasNextPage: rows.length > first },
});

function payment(row) {
  return {
    citizenId: row.citizen_id,
    scheme: row.scheme,
    period: row.period.slice(0, 7),
    kind: row.kind,
    amount: (row.amount_satang / 100).toFixed(2),
    status: row.status,
    channel: row.channel,
    paidOn: row.paid_on,
    accountId: row.bank_account_id,
  };
}

export const only = (rows, scheme) =>
  scheme === undefined || scheme === null ? rows : rows.filter((row) => row.scheme === scheme);

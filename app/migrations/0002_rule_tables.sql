-- The dated rules as they were loaded: the newest table of a name is in force, older ones stay to be
-- read. A name without one follows the table that ships with the program.

create table rule_table (
  id bigint generated always as identity primary key,
  name text not null,
  file_name text not null,
  checksum bytea not null,
  loaded_at timestamptz not null
);

create table rule_row (
  rule_table_id bigint not null references rule_table,
  line integer not null,
  cells json not null,                       -- json, not jsonb: the order of columns is kept
  primary key (rule_table_id, line)
);

-- PostGraphile knows no federation: it finds the citizens of a gateway's batch by this function.
create or replace function citizens_of(ids uuid[]) returns setof citizen
language sql stable rows 100 as $$
  select c.* from unnest(ids) with ordinality k (id, place) join citizen c on c.id = k.id
  order by k.place
$$

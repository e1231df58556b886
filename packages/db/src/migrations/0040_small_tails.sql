-- All tails move to chunks, because the rows of a tail change. One job at a time: on several servers a
-- statement may not mix jobs.
DO $$
DECLARE
  tailed uuid;
BEGIN
  FOR tailed IN SELECT DISTINCT job_id FROM series_tails LOOP
    EXECUTE format('insert into series_chunks (%1$s) select %1$s from series_pieces where job_id = %2$L and is_open',
      'job_id, attempt, name, ordinal, count, steps, values, times, min_step, max_step, first_step, first_value, first_time, last_step, last_value, last_time, min_value, min_value_step, min_value_time, max_value, max_value_step, max_value_time, non_finite, outline, revision',
      tailed);
    EXECUTE format('delete from series_tails where job_id = %L', tailed);
  END LOOP;
END $$;
--> statement-breakpoint
DROP VIEW "public"."series_pieces";--> statement-breakpoint
ALTER TABLE "series_tails" DROP COLUMN "bytes";--> statement-breakpoint
CREATE VIEW "public"."series_pieces" AS (
  select job_id, attempt, name, ordinal, count, steps, values, times, min_step, max_step, first_step, first_value, first_time, last_step, last_value, last_time, min_value, min_value_step, min_value_time, max_value, max_value_step, max_value_time, non_finite, outline, revision, false as is_open from series_chunks
  union all
  select job_id, attempt, name,
    coalesce((select ordinal + count from series_chunks as stored
      where stored.job_id = tail.job_id and stored.attempt = tail.attempt and stored.name = tail.name
      order by ordinal desc limit 1), 0) as ordinal,
    count(*)::int as count,
    '\x05'::bytea || string_agg(float8send(step), ''::bytea order by length, place) as steps, '\x05'::bytea || string_agg(float8send(value), ''::bytea order by length, place) as values, '\x05'::bytea || string_agg(float8send(time), ''::bytea order by length, place) as times,
    min(step) as min_step, max(step) as max_step,
    (array_agg(step order by length, place))[1] as first_step, (array_agg(value order by length, place))[1] as first_value,
    (array_agg(time order by length, place))[1] as first_time,
    (array_agg(step order by length desc, place desc))[1] as last_step, (array_agg(value order by length desc, place desc))[1] as last_value,
    (array_agg(time order by length desc, place desc))[1] as last_time,
    min(value) filter (where value > '-Infinity' and value < 'Infinity') as min_value,
    (array_agg(step order by value, length, place) filter (where value > '-Infinity' and value < 'Infinity'))[1] as min_value_step,
    (array_agg(time order by value, length, place) filter (where value > '-Infinity' and value < 'Infinity'))[1] as min_value_time,
    max(value) filter (where value > '-Infinity' and value < 'Infinity') as max_value,
    (array_agg(step order by value desc, length, place) filter (where value > '-Infinity' and value < 'Infinity'))[1] as max_value_step,
    (array_agg(time order by value desc, length, place) filter (where value > '-Infinity' and value < 'Infinity'))[1] as max_value_time,
    (count(*) - count(*) filter (where value > '-Infinity' and value < 'Infinity'))::int as non_finite, null::bytea as outline,
    max(revision) as revision, true as is_open
  from (
    select job_id, length, attempt, revision, name, place, step, time, value
    from series_tails,
      unnest(names) with ordinality as series (name, number),
      unnest(steps, times) with ordinality as event (step, time, place),
      lateral (select values[((place - 1) * cardinality(names) + number)::int] as value offset 0) as logged
  ) as tail
  where value is not null
  group by job_id, attempt, name);
CREATE TABLE "evaluation_curves" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"attempts" text NOT NULL,
	"steps" "bytea" NOT NULL,
	"values" "bytea" NOT NULL
);
--> statement-breakpoint
DROP VIEW "public"."series_pieces";--> statement-breakpoint
ALTER TABLE "series_chunks" ADD COLUMN "outline" "bytea";--> statement-breakpoint
ALTER TABLE "evaluation_curves" ADD CONSTRAINT "evaluation_curves_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "training_jobs_best" ON "training_jobs" USING btree ((coalesce(best_eval_loss, 'Infinity'::float8)),"job_id");--> statement-breakpoint
CREATE INDEX "training_jobs_project" ON "training_jobs" USING btree ("project",(case when status in ('queued', 'starting', 'running', 'stopping') then 0 else 1 end),(-coalesce(started_at, registered_at)),"job_id");--> statement-breakpoint
CREATE VIEW "public"."series_pieces" AS (
  select job_id, attempt, name, ordinal, count, steps, values, times, min_step, max_step, first_step, first_value, first_time, last_step, last_value, last_time, min_value, min_value_step, min_value_time, max_value, max_value_step, max_value_time, non_finite, outline, revision, false as is_open from series_chunks
  union all
  select job_id, attempt, name,
    coalesce((select ordinal + count from series_chunks as stored
      where stored.job_id = tail.job_id and stored.attempt = tail.attempt and stored.name = tail.name
      order by ordinal desc limit 1), 0) as ordinal,
    count(*)::int as count,
    string_agg(substring(bytes from 24 * (place - 1)::int + 1 for 8), ''::bytea order by length, place) as steps, string_agg(substring(bytes from 24 * (place - 1)::int + 9 for 8), ''::bytea order by length, place) as values, string_agg(substring(bytes from 24 * (place - 1)::int + 17 for 8), ''::bytea order by length, place) as times,
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
    select job_id, length, attempt, bytes, revision, point.*
    from series_tails, unnest(names, steps, values, times) with ordinality
      as point (name, step, value, time, place)
  ) as tail
  group by job_id, attempt, name);
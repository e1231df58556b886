ALTER TABLE "training_jobs" ADD COLUMN "folder_id" text;--> statement-breakpoint
-- Two sources that tell a whole run have told it twice. Whichever is read next tells it anew.
WITH "doubled" AS (
  SELECT "job_id" FROM "sources" WHERE "source" <> 'scores' GROUP BY "job_id" HAVING count(*) > 1
), "gone" AS (
  DELETE FROM "sources" USING "doubled"
  WHERE "sources"."job_id" = "doubled"."job_id" AND "source" <> 'scores'
  RETURNING "sources"."job_id", "revision"
)
INSERT INTO "sources" SELECT "job_id", 'several', '0', max("revision") FROM "gone" GROUP BY "job_id";

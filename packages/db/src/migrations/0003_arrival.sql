ALTER TABLE "checkpoints" ADD COLUMN "arrival" bigint;--> statement-breakpoint
UPDATE "checkpoints" SET "arrival" = "told"."arrival" FROM (
	SELECT "job_id", "checkpoint_id", row_number() OVER (PARTITION BY "job_id" ORDER BY "attempt", "step" NULLS FIRST, "path") AS "arrival"
	FROM "checkpoints"
) AS "told" WHERE "told"."job_id" = "checkpoints"."job_id" AND "told"."checkpoint_id" = "checkpoints"."checkpoint_id";

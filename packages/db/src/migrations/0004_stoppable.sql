ALTER TABLE "training_jobs" ADD COLUMN "is_stoppable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
UPDATE "training_jobs" SET "is_stoppable" = true WHERE "recipe" IS NOT NULL OR "source" = 'run_log';

ALTER TABLE "board" ADD COLUMN "keep_points_days" integer;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "points_removed_at" double precision;
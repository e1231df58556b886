ALTER TABLE "attempts" ADD COLUMN "end_cause" jsonb;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "end_cause" jsonb;
ALTER TABLE "training_jobs" ADD COLUMN "note" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "archived_at" double precision;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "deleted_at" double precision;
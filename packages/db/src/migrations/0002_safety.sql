ALTER TABLE "checkpoints" ADD COLUMN "kind" text;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "base" text;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "signature" text;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "digest" text;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "pinned" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "heard_at" double precision;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "cadence" double precision;--> statement-breakpoint
CREATE INDEX "checkpoints_undigested" ON "checkpoints" USING btree ("job_id") WHERE digest is null and files_state = 'complete' and not overwritten;
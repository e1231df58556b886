DROP INDEX "training_jobs_changed";--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "board_revision" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "training_jobs_board_revision" ON "training_jobs" USING btree ("board_revision");
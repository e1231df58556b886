DROP INDEX "training_jobs_board_revision";--> statement-breakpoint
CREATE INDEX "training_jobs_written" ON "training_jobs" USING brin ("board_revision") WITH (pages_per_range=4,autosummarize=true);--> statement-breakpoint
ALTER TABLE "training_jobs" SET (fillfactor = 50);

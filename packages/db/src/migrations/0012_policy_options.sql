ALTER TABLE "policy_changes" RENAME COLUMN "told" TO "options";--> statement-breakpoint
ALTER TABLE "training_jobs" RENAME COLUMN "policy_told" TO "policy_options";--> statement-breakpoint
UPDATE "policy_changes" SET "options" = ("options" - 'weights') || jsonb_build_object('coefficients', "options" -> 'weights') WHERE "options" ? 'weights';--> statement-breakpoint
UPDATE "training_jobs" SET "policy_options" = ("policy_options" - 'weights') || jsonb_build_object('coefficients', "policy_options" -> 'weights') WHERE "policy_options" ? 'weights';

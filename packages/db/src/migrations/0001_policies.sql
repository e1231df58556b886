CREATE TABLE "policy_changes" (
	"change_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "policy_changes_change_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"scope" text NOT NULL,
	"job_id" uuid,
	"project" text NOT NULL,
	"policy" text,
	"told" jsonb NOT NULL,
	"by" text NOT NULL,
	"changed_at" double precision NOT NULL
);
--> statement-breakpoint
ALTER TABLE "evaluations" ADD COLUMN "scored_by" text;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "metric_directions" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "policy_told" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "policy_from" text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE "policy_changes" ADD CONSTRAINT "policy_changes_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "policy_changes_job" ON "policy_changes" USING btree ("job_id","change_id");--> statement-breakpoint
CREATE INDEX "policy_changes_project" ON "policy_changes" USING btree (md5("project"),"change_id");
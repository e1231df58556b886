CREATE TABLE "sample_contents" (
	"job_id" uuid NOT NULL,
	"sample_id" uuid NOT NULL,
	"content" "bytea" NOT NULL,
	CONSTRAINT "sample_contents_job_id_sample_id_pk" PRIMARY KEY("job_id","sample_id")
);
--> statement-breakpoint
CREATE TABLE "samples" (
	"job_id" uuid NOT NULL,
	"sample_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"step" bigint,
	"epoch" double precision,
	"step_from" text NOT NULL,
	"prompt_index" integer NOT NULL,
	"prompt" text,
	"kind" text NOT NULL,
	"text" text,
	"path" text,
	"at" double precision,
	"content_state" text NOT NULL,
	"media_type" text,
	"bytes" bigint,
	"revision" bigint NOT NULL,
	CONSTRAINT "samples_job_id_sample_id_pk" PRIMARY KEY("job_id","sample_id")
);
--> statement-breakpoint
ALTER TABLE "training_jobs" ADD COLUMN "samples_revision" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sample_contents" ADD CONSTRAINT "sample_contents_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sample_contents" ADD CONSTRAINT "sample_contents_job_id_sample_id_samples_job_id_sample_id_fk" FOREIGN KEY ("job_id","sample_id") REFERENCES "public"."samples"("job_id","sample_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "samples" ADD CONSTRAINT "samples_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "samples_order" ON "samples" USING btree ("job_id",coalesce("step", -1),"attempt","prompt_index","sample_id");--> statement-breakpoint
CREATE INDEX "samples_unread" ON "samples" USING btree ("job_id") WHERE content_state = 'unread' or (step is null and epoch is not null);--> statement-breakpoint
INSERT INTO "samples" ("job_id", "sample_id", "attempt", "step", "step_from", "prompt_index", "kind", "text", "at", "content_state", "revision")
SELECT DISTINCT ON ("job_id", "attempt", "step") "job_id", gen_random_uuid(), "attempt", "step", 'log', 0, 'text', "text", "at", 'inline', "revision"
FROM "logs" WHERE "level" = 'sample' AND "step" IS NOT NULL
ORDER BY "job_id", "attempt", "step", "ordinal" DESC;

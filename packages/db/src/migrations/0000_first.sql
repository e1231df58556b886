CREATE TABLE "board" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"board_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	CONSTRAINT "board_has_one_row" CHECK ("board"."one")
);
--> statement-breakpoint
CREATE TABLE "claims" (
	"key" text PRIMARY KEY NOT NULL,
	"claimed_at" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "hosts" (
	"host_id" uuid PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"seen_at" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deployments" (
	"job_id" uuid NOT NULL,
	"deployment_id" uuid NOT NULL,
	"checkpoint_id" uuid NOT NULL,
	"is_best" boolean NOT NULL,
	"reason" text NOT NULL,
	"model_name" text NOT NULL,
	"status" text NOT NULL,
	"bytes_done" bigint DEFAULT 0 NOT NULL,
	"bytes_total" bigint DEFAULT 0 NOT NULL,
	"path" text,
	"error" text,
	"created_at" double precision NOT NULL,
	"advanced_at" double precision,
	"ended_at" double precision,
	"revision" bigint NOT NULL,
	CONSTRAINT "deployments_job_id_deployment_id_pk" PRIMARY KEY("job_id","deployment_id")
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"job_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"resumed_from" bigint,
	"total_steps" bigint,
	"started_at" double precision,
	"ended_at" double precision,
	"status" text,
	"error" text,
	"revision" bigint NOT NULL,
	CONSTRAINT "attempts_job_id_attempt_pk" PRIMARY KEY("job_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "checkpoints" (
	"job_id" uuid NOT NULL,
	"checkpoint_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"step" bigint,
	"path" text NOT NULL,
	"epoch" double precision,
	"saved_at" double precision,
	"role" text,
	"files_state" text NOT NULL,
	"files_why" text,
	"bytes" bigint,
	"checked_at" double precision,
	"overwritten" boolean DEFAULT false NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "checkpoints_job_id_checkpoint_id_pk" PRIMARY KEY("job_id","checkpoint_id")
);
--> statement-breakpoint
CREATE TABLE "evaluations" (
	"job_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"step" bigint NOT NULL,
	"metric" text NOT NULL,
	"repeat" integer NOT NULL,
	"value" double precision,
	"epoch" double precision,
	"at" double precision,
	"samples" bigint,
	"origin_file" text,
	"origin_line" integer,
	"arrival" bigint NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "evaluations_job_id_attempt_step_metric_repeat_pk" PRIMARY KEY("job_id","attempt","step","metric","repeat")
);
--> statement-breakpoint
CREATE TABLE "logs" (
	"job_id" uuid NOT NULL,
	"ordinal" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"step" bigint,
	"at" double precision,
	"level" text NOT NULL,
	"text" text NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "logs_job_id_ordinal_pk" PRIMARY KEY("job_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "series_chunks" (
	"job_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"name" text NOT NULL,
	"ordinal" bigint NOT NULL,
	"count" integer NOT NULL,
	"steps" "bytea" NOT NULL,
	"values" "bytea" NOT NULL,
	"times" "bytea" NOT NULL,
	"min_step" double precision NOT NULL,
	"max_step" double precision NOT NULL,
	"first_step" double precision NOT NULL,
	"first_value" double precision NOT NULL,
	"first_time" double precision NOT NULL,
	"last_step" double precision NOT NULL,
	"last_value" double precision NOT NULL,
	"last_time" double precision NOT NULL,
	"min_value" double precision,
	"min_value_step" double precision,
	"min_value_time" double precision,
	"max_value" double precision,
	"max_value_step" double precision,
	"max_value_time" double precision,
	"non_finite" integer NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "series_chunks_job_id_attempt_name_ordinal_pk" PRIMARY KEY("job_id","attempt","name","ordinal")
);
--> statement-breakpoint
CREATE TABLE "sources" (
	"job_id" uuid NOT NULL,
	"source" text NOT NULL,
	"cursor" text NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "sources_job_id_source_pk" PRIMARY KEY("job_id","source")
);
--> statement-breakpoint
CREATE TABLE "training_jobs" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"project" text NOT NULL,
	"status" text NOT NULL,
	"current_step" bigint,
	"total_steps" bigint,
	"current_epoch" double precision,
	"total_epochs" double precision,
	"started_at" double precision,
	"updated_at" double precision,
	"ended_at" double precision,
	"loss" double precision,
	"eval_loss" double precision,
	"train_loss_at_eval" double precision,
	"loss_trend" text,
	"best_eval_loss" double precision,
	"best_epoch" double precision,
	"best_step" bigint,
	"best_checkpoint_path" text,
	"best_checkpoint_id" uuid,
	"best_metric" double precision,
	"best_metric_name" text,
	"evaluations_without_improvement" bigint,
	"selection_policy" text DEFAULT 'as_declared' NOT NULL,
	"host" text NOT NULL,
	"output_dir" text NOT NULL,
	"error" text,
	"attempt" integer DEFAULT 0 NOT NULL,
	"attempt_started_at" double precision,
	"attempt_first_step" bigint DEFAULT 0 NOT NULL,
	"loss_unit" text DEFAULT 'unknown' NOT NULL,
	"declared_metric" text,
	"declared_direction" text,
	"declared_by" text,
	"save_steps" bigint,
	"best_evaluation_epoch" double precision,
	"host_id" uuid NOT NULL,
	"source" text NOT NULL,
	"recipe" text,
	"config" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"tags" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"claim" jsonb,
	"stop_requested_at" double precision,
	"registered_at" double precision NOT NULL,
	"changed_at" double precision NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	"series_revision" bigint DEFAULT 0 NOT NULL,
	"history_revision" bigint DEFAULT 0 NOT NULL,
	"checkpoints_revision" bigint DEFAULT 0 NOT NULL,
	"logs_revision" bigint DEFAULT 0 NOT NULL,
	"deployments_revision" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_job_id_checkpoint_id_checkpoints_job_id_checkpoint_id_fk" FOREIGN KEY ("job_id","checkpoint_id") REFERENCES "public"."checkpoints"("job_id","checkpoint_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "logs" ADD CONSTRAINT "logs_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "series_chunks" ADD CONSTRAINT "series_chunks_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sources" ADD CONSTRAINT "sources_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "deployments_status" ON "deployments" USING btree ("status","created_at");--> statement-breakpoint
CREATE INDEX "deployments_model" ON "deployments" USING btree ("model_name","ended_at");--> statement-breakpoint
CREATE INDEX "checkpoints_path" ON "checkpoints" USING btree ("job_id",md5("path"));--> statement-breakpoint
CREATE INDEX "evaluations_metric" ON "evaluations" USING btree ("job_id","metric","arrival");--> statement-breakpoint
CREATE INDEX "training_jobs_host" ON "training_jobs" USING btree ("host_id");--> statement-breakpoint
CREATE INDEX "training_jobs_changed" ON "training_jobs" USING btree ("changed_at");--> statement-breakpoint
CREATE INDEX "training_jobs_name" ON "training_jobs" USING btree ("name","job_id");--> statement-breakpoint
CREATE INDEX "training_jobs_newest" ON "training_jobs" USING btree ((case when status in ('queued', 'starting', 'running', 'stopping') then 0 else 1 end),(-coalesce(started_at, registered_at)),"job_id");--> statement-breakpoint
INSERT INTO "board" DEFAULT VALUES;

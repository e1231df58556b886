CREATE TABLE "log_chunks" (
	"job_id" uuid NOT NULL,
	"ordinal" bigint NOT NULL,
	"count" integer NOT NULL,
	"texts" "bytea" NOT NULL,
	"fields" "bytea" NOT NULL,
	"warnings" integer NOT NULL,
	"errors" integer NOT NULL,
	"samples" integer NOT NULL,
	"last_traceback" bigint,
	"characters" bigint NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "log_chunks_job_id_ordinal_pk" PRIMARY KEY("job_id","ordinal")
);
--> statement-breakpoint
ALTER TABLE "log_chunks" ADD CONSTRAINT "log_chunks_job_id_training_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."training_jobs"("job_id") ON DELETE cascade ON UPDATE no action;
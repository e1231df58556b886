CREATE TABLE "prompts" (
	"job_id" uuid NOT NULL,
	"prompt_id" uuid NOT NULL,
	"deployment_id" uuid NOT NULL,
	"prompt" text NOT NULL,
	"by" text,
	"state" text NOT NULL,
	"shipped" text,
	"last_step" bigint,
	"last" text,
	"error" text,
	"created_at" double precision NOT NULL,
	"ended_at" double precision,
	CONSTRAINT "prompts_job_id_prompt_id_pk" PRIMARY KEY("job_id","prompt_id")
);
--> statement-breakpoint
ALTER TABLE "prompts" ADD CONSTRAINT "prompts_job_id_deployment_id_deployments_job_id_deployment_id_fk" FOREIGN KEY ("job_id","deployment_id") REFERENCES "public"."deployments"("job_id","deployment_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "prompts_state" ON "prompts" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "prompts_deployment" ON "prompts" USING btree ("job_id","deployment_id","created_at");
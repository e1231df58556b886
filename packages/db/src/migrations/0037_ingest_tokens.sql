ALTER TABLE "api_tokens" ADD COLUMN "job_id" uuid;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD COLUMN "project" text;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_limit" CHECK (num_nonnulls("api_tokens"."job_id", "api_tokens"."project") = (case when "api_tokens"."scope" = 'ingest' then 1 else 0 end));
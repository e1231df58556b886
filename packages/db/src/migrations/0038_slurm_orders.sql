ALTER TABLE "run_orders" ADD COLUMN "slurm_job_id" text;--> statement-breakpoint
ALTER TABLE "run_orders" ADD COLUMN "waits_for" text;
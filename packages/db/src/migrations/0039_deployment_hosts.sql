ALTER TABLE "deployments" ADD COLUMN "host_id" uuid;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "host" text;
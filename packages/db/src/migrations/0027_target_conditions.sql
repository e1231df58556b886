ALTER TABLE "deployments" ADD COLUMN "conditions" jsonb;--> statement-breakpoint
ALTER TABLE "targets" ADD COLUMN "conditions" jsonb;
CREATE TABLE "targets" (
	"host_id" uuid NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"place" text NOT NULL,
	"read_at" double precision NOT NULL,
	CONSTRAINT "targets_host_id_name_pk" PRIMARY KEY("host_id","name")
);
--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "files_from" text;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "target" text DEFAULT 'folder' NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "output" text;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "serving" jsonb;--> statement-breakpoint
-- What was ordered is every column but those of its progress, so a new column is fixed unless it is named here.
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	progress CONSTANT text[] := ARRAY['status', 'bytes_done', 'bytes_total', 'path', 'digest', 'error', 'output', 'advanced_at', 'ended_at', 'revision'];
BEGIN
	IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT FROM deployments) THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'UPDATE' THEN
		RAISE EXCEPTION 'Rows of the ledger of shipments are never deleted.' USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF OLD.status NOT IN ('queued', 'copying', 'verifying', 'delivering') THEN
		RAISE EXCEPTION 'Shipment % has ended (%), so it does not change.', OLD.deployment_id, OLD.status USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF NEW.status = 'elsewhere' OR to_jsonb(OLD) - progress IS DISTINCT FROM to_jsonb(NEW) - progress THEN
		RAISE EXCEPTION 'What was ordered does not change: shipment %.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;

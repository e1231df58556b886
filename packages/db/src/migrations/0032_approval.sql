ALTER TABLE "deployments" ADD COLUMN "needs_approval" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "approved_by" text;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "approved_at" double precision;--> statement-breakpoint
-- An approval is written once, while the order waits for it. Without it no agent begins.
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	progress CONSTANT text[] := ARRAY['status', 'bytes_done', 'bytes_total', 'path', 'digest', 'error', 'output', 'advanced_at', 'ended_at', 'revision'];
	approval CONSTANT text[] := ARRAY['approved_by', 'approved_at'];
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
	IF NEW.status = 'elsewhere' OR to_jsonb(OLD) - progress - approval IS DISTINCT FROM to_jsonb(NEW) - progress - approval THEN
		RAISE EXCEPTION 'What was ordered does not change: shipment %.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF (OLD.approved_by, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by, NEW.approved_at) AND NOT (
		OLD.needs_approval AND OLD.status = 'queued' AND NEW.status = 'queued'
		AND OLD.approved_by IS NULL AND OLD.approved_at IS NULL
		AND NEW.approved_by IS NOT NULL AND NEW.approved_at IS NOT NULL
		AND NEW."by" IS NOT NULL AND lower(trim(NEW.approved_by)) <> lower(trim(NEW."by"))
	) THEN
		RAISE EXCEPTION 'An approval is written once, by a second person, while shipment % waits for it.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF NEW.needs_approval AND NEW.approved_at IS NULL AND NEW.status NOT IN ('queued', 'failed') THEN
		RAISE EXCEPTION 'Shipment % waits for the approval of a second person.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;

ALTER TABLE "deployments" ADD COLUMN "files_from" text;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "serving" jsonb;--> statement-breakpoint
-- The folder of the files that are added is a part of the order.
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT FROM deployments) THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'UPDATE' THEN
		RAISE EXCEPTION 'Rows of the ledger of shipments are never deleted.' USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF OLD.status NOT IN ('awaiting_approval', 'queued', 'copying', 'verifying', 'delivering') THEN
		RAISE EXCEPTION 'Shipment % has ended (%), so it does not change.', OLD.deployment_id, OLD.status USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF NEW.status = 'elsewhere' OR
		(OLD.job_id, OLD.deployment_id, OLD.checkpoint_id, OLD.is_best, OLD.reason, OLD."by", OLD.why, OLD.choice, OLD.rolls_back_to, OLD.contents, OLD.files_from, OLD.model_name, OLD.target, OLD.gates, OLD.created_at)
		IS DISTINCT FROM
		(NEW.job_id, NEW.deployment_id, NEW.checkpoint_id, NEW.is_best, NEW.reason, NEW."by", NEW.why, NEW.choice, NEW.rolls_back_to, NEW.contents, NEW.files_from, NEW.model_name, NEW.target, NEW.gates, NEW.created_at)
	THEN
		RAISE EXCEPTION 'What was ordered does not change: shipment %.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF OLD.status = 'awaiting_approval' AND NEW.status NOT IN ('awaiting_approval', 'failed') AND NEW.approved_by IS NULL THEN
		RAISE EXCEPTION 'Nobody approved shipment %.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF OLD.status <> 'awaiting_approval' AND (OLD.approved_by, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by, NEW.approved_at) THEN
		RAISE EXCEPTION 'The approval of shipment % does not change.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;

CREATE TABLE "model_checks" (
	"job_id" uuid NOT NULL,
	"check_id" uuid NOT NULL,
	"deployment_id" uuid NOT NULL,
	"by" text,
	"state" text NOT NULL,
	"detail" text,
	"created_at" double precision NOT NULL,
	"ended_at" double precision,
	CONSTRAINT "model_checks_job_id_check_id_pk" PRIMARY KEY("job_id","check_id")
);
--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "by" text;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "why" text;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "choice" jsonb;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "rolls_back_to" uuid;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "contents" text DEFAULT 'whole' NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "digest" text;--> statement-breakpoint
ALTER TABLE "model_checks" ADD CONSTRAINT "model_checks_job_id_deployment_id_deployments_job_id_deployment_id_fk" FOREIGN KEY ("job_id","deployment_id") REFERENCES "public"."deployments"("job_id","deployment_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "model_checks_state" ON "model_checks" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "model_checks_deployment" ON "model_checks" USING btree ("job_id","deployment_id","created_at");--> statement-breakpoint
-- The ledger keeps what was shipped: an order and its end are written once, and no row goes away.
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT FROM deployments) THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'UPDATE' THEN
		RAISE EXCEPTION 'Rows of the ledger of shipments are never deleted.' USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF OLD.status NOT IN ('queued', 'copying', 'verifying') THEN
		RAISE EXCEPTION 'Shipment % has ended (%), so it does not change.', OLD.deployment_id, OLD.status USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF NEW.status = 'elsewhere' OR
		(OLD.job_id, OLD.deployment_id, OLD.checkpoint_id, OLD.is_best, OLD.reason, OLD."by", OLD.why, OLD.choice, OLD.rolls_back_to, OLD.contents, OLD.model_name, OLD.created_at)
		IS DISTINCT FROM
		(NEW.job_id, NEW.deployment_id, NEW.checkpoint_id, NEW.is_best, NEW.reason, NEW."by", NEW.why, NEW.choice, NEW.rolls_back_to, NEW.contents, NEW.model_name, NEW.created_at)
	THEN
		RAISE EXCEPTION 'What was ordered does not change: shipment %.', OLD.deployment_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER deployments_row_stays BEFORE UPDATE OR DELETE ON "deployments" FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
--> statement-breakpoint
CREATE TRIGGER deployments_stay BEFORE TRUNCATE ON "deployments" FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
--> statement-breakpoint
CREATE OR REPLACE FUNCTION refuse_check_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT FROM model_checks) THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'UPDATE' THEN
		RAISE EXCEPTION 'Checks of shipped files are never deleted.' USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	IF OLD.state <> 'queued' OR
		(OLD.job_id, OLD.check_id, OLD.deployment_id, OLD."by", OLD.created_at)
		IS DISTINCT FROM
		(NEW.job_id, NEW.check_id, NEW.deployment_id, NEW."by", NEW.created_at)
	THEN
		RAISE EXCEPTION 'The result of a check is written once: check %.', OLD.check_id USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER model_checks_row_stays BEFORE UPDATE OR DELETE ON "model_checks" FOR EACH ROW EXECUTE FUNCTION refuse_check_change();
--> statement-breakpoint
CREATE TRIGGER model_checks_stay BEFORE TRUNCATE ON "model_checks" FOR EACH STATEMENT EXECUTE FUNCTION refuse_check_change();

CREATE TABLE "alert_cursor" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"board_revision" bigint,
	CONSTRAINT "alert_cursor_has_one_row" CHECK ("alert_cursor"."one")
);
--> statement-breakpoint
CREATE TABLE "alert_facts" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"revision" bigint NOT NULL,
	"status" text NOT NULL,
	"attempt" integer NOT NULL,
	"best_checkpoint_id" uuid,
	"best_step" bigint,
	"best_metric" double precision,
	"best_metric_name" text,
	"evaluations_without_improvement" bigint,
	"seen_at" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "alert_rules" (
	"rule_id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project" text,
	"kinds" jsonb NOT NULL,
	"evaluations" integer NOT NULL,
	"destination" jsonb NOT NULL,
	"created_at" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"alert_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "alerts_alert_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"rule_id" uuid NOT NULL,
	"job_id" uuid,
	"job_name" text,
	"project" text,
	"key" text NOT NULL,
	"alert" jsonb NOT NULL,
	"created_at" double precision NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_try_at" double precision,
	"delivered_at" double precision,
	"problem" jsonb
);
--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_rule_id_alert_rules_rule_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."alert_rules"("rule_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_fact" ON "alerts" USING btree ("rule_id","job_id",md5("key"));--> statement-breakpoint
CREATE INDEX "alerts_due" ON "alerts" USING btree ("next_try_at") WHERE next_try_at is not null;
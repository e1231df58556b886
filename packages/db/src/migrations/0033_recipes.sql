CREATE TABLE "recipes" (
	"host_id" uuid NOT NULL,
	"name" text NOT NULL,
	"text" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"can_resume" boolean NOT NULL,
	"at_once" integer NOT NULL,
	"read_at" double precision NOT NULL,
	CONSTRAINT "recipes_host_id_name_pk" PRIMARY KEY("host_id","name")
);
--> statement-breakpoint
CREATE TABLE "run_orders" (
	"order_id" uuid PRIMARY KEY NOT NULL,
	"job_id" uuid NOT NULL,
	"is_resumed" boolean DEFAULT false NOT NULL,
	"recipe" text NOT NULL,
	"host_id" uuid,
	"name" text NOT NULL,
	"project" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"by" text,
	"state" text NOT NULL,
	"error" text,
	"created_at" double precision NOT NULL,
	"taken_by" uuid,
	"taken_at" double precision,
	"ended_at" double precision
);
--> statement-breakpoint
CREATE INDEX "run_orders_state" ON "run_orders" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "run_orders_job" ON "run_orders" USING btree ("job_id");
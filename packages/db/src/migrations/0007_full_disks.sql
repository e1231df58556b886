CREATE TABLE "full_disks" (
	"host_id" uuid NOT NULL,
	"mount" text NOT NULL,
	"holds_database" boolean NOT NULL,
	"full_since" double precision NOT NULL,
	"over_at" double precision,
	CONSTRAINT "full_disks_host_id_mount_pk" PRIMARY KEY("host_id","mount")
);

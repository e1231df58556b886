-- jsonb sorts the keys of an object. An array of entries keeps the order of the owner's file.
UPDATE "recipes" SET "parameters" = (
	SELECT coalesce(jsonb_agg(jsonb_build_array(key, value)), '[]') FROM jsonb_each("parameters")
);--> statement-breakpoint
UPDATE "run_orders" SET "parameters" = (
	SELECT coalesce(jsonb_agg(jsonb_build_array(key, value)), '[]') FROM jsonb_each("parameters")
);

-- Chunks keep packed numbers from here on. Older versions cannot read them, so they must refuse the board.
COMMENT ON COLUMN "series_chunks"."steps" IS 'packed numbers, see packedNumbers.ts';
--> statement-breakpoint
COMMENT ON COLUMN "series_chunks"."values" IS 'packed numbers, see packedNumbers.ts';
--> statement-breakpoint
COMMENT ON COLUMN "series_chunks"."times" IS 'packed numbers, see packedNumbers.ts';
--> statement-breakpoint
COMMENT ON COLUMN "series_chunks"."outline" IS 'packed numbers, see packedNumbers.ts';

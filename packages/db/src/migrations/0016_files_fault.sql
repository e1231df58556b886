ALTER TABLE "checkpoints" ADD COLUMN "files_fault" text;--> statement-breakpoint
UPDATE "checkpoints" SET "files_fault" = CASE "files_why"
  WHEN 'its trainer_state.json cannot be read' THEN 'state_unreadable' ELSE 'damaged' END
WHERE "files_state" = 'broken' AND "files_why" IN ('its trainer_state.json cannot be read',
  'it was damaged on its disk: its SHA-256 is not what it was');

-- Images are disks to start from, disks with data, or discs; what their machines need may be a guess.
UPDATE "image" SET "kind" = 'root' WHERE "kind" = 'disk';
ALTER TABLE "image" ADD COLUMN "firmware" TEXT NOT NULL DEFAULT 'bios';
ALTER TABLE "image" ADD COLUMN "guessed" TEXT NOT NULL DEFAULT 'firmware';
ALTER TABLE "image" ADD COLUMN "stored_sha256" TEXT NOT NULL DEFAULT '';
UPDATE "setup_step" SET "request" = json_set("request", '$.kind', 'auto')
    WHERE "name" = 'image' AND json_extract("request", '$.kind') = 'disk';

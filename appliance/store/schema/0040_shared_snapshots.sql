-- Snapshots of volumes on storages that hosts share claim their space at the one place of all.
DROP TRIGGER "snapshot_moves";
CREATE TRIGGER "snapshot_moves" AFTER UPDATE OF "host_id", "primary_storage_id" ON "volume"
    WHEN OLD."host_id" IS NOT NEW."host_id" OR OLD."primary_storage_id" IS NOT NEW."primary_storage_id" BEGIN
    UPDATE "snapshot" SET "place_id" = NEW."primary_storage_id" || ':' || coalesce(NEW."host_id", '')
        WHERE "volume_id" = NEW."id" AND NEW."primary_storage_id" IS NOT NULL;
END;

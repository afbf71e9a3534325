-- Snapshots: frozen files of volumes, in a tree. A volume's row names the file that is written to
-- (`head`), the one that is if that is not there (while a job makes or merges a head), the snapshot
-- that it stands on, and the one that it is being made of.
ALTER TABLE "volume" ADD COLUMN "head" TEXT NOT NULL DEFAULT '';
ALTER TABLE "volume" ADD COLUMN "fallback_head" TEXT;
ALTER TABLE "volume" ADD COLUMN "snapshot_id" TEXT;
ALTER TABLE "volume" ADD COLUMN "source_snapshot_id" TEXT;
CREATE INDEX "volumerow_source_snapshot_id" ON "volume" ("source_snapshot_id");
CREATE TABLE "snapshot" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "volume_id" TEXT NOT NULL,
    "parent_id" TEXT,
    "node" TEXT NOT NULL,
    "group_id" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "used_bytes" INTEGER NOT NULL,
    "is_quiesced" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "place_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("volume_id") REFERENCES "volume" ("id") ON DELETE CASCADE);
CREATE INDEX "snapshotrow_volume_id" ON "snapshot" ("volume_id");
CREATE INDEX "snapshotrow_group_id" ON "snapshot" ("group_id");
CREATE INDEX "snapshotrow_owner_id" ON "snapshot" ("owner_id");

CREATE TRIGGER "snapshot_follows_volume" AFTER UPDATE OF "owner_id" ON "volume" WHEN OLD."owner_id" <> NEW."owner_id" BEGIN
    UPDATE "snapshot" SET "owner_id" = NEW."owner_id" WHERE "volume_id" = NEW."id";
END;
-- Frozen files lie where their volume does.
CREATE TRIGGER "snapshot_moves" AFTER UPDATE OF "host_id", "primary_storage_id" ON "volume"
    WHEN OLD."host_id" IS NOT NEW."host_id" OR OLD."primary_storage_id" IS NOT NEW."primary_storage_id" BEGIN
    UPDATE "snapshot" SET "place_id" = NEW."primary_storage_id" || ':' || NEW."host_id"
        WHERE "volume_id" = NEW."id" AND NEW."host_id" IS NOT NULL;
END;

-- A snapshot claims what its file really takes. Hidden ones count as bytes only.
CREATE TRIGGER "snapshot_comes" AFTER INSERT ON "snapshot" BEGIN
    INSERT INTO "ledger" VALUES
        (NEW."place_id", 'disk', 0, NEW."used_bytes"),
        (NEW."owner_id", 'quota.snapshot', -1, NEW."status" <> 'hidden')
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "snapshot_goes" AFTER DELETE ON "snapshot" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."used_bytes" WHERE "holder" = OLD."place_id" AND "unit" = 'disk';
    UPDATE "ledger" SET "claimed" = "claimed" - (OLD."status" <> 'hidden')
        WHERE "holder" = OLD."owner_id" AND "unit" = 'quota.snapshot';
END;
CREATE TRIGGER "snapshot_changes" AFTER UPDATE OF "place_id", "used_bytes", "owner_id", "status" ON "snapshot" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."used_bytes" WHERE "holder" = OLD."place_id" AND "unit" = 'disk';
    UPDATE "ledger" SET "claimed" = "claimed" - (OLD."status" <> 'hidden')
        WHERE "holder" = OLD."owner_id" AND "unit" = 'quota.snapshot';
    INSERT INTO "ledger" VALUES
        (NEW."place_id", 'disk', 0, NEW."used_bytes"),
        (NEW."owner_id", 'quota.snapshot', -1, NEW."status" <> 'hidden')
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
-- Tenants of older versions get the limit that new ones get.
INSERT INTO "ledger" SELECT "id", 'quota.snapshot', 200, 0 FROM "account" WHERE "kind" = 'tenant';

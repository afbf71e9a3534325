-- Data disks: a volume may be of no machine, and lie nowhere yet. `job_id` is the job that holds it;
-- `position` is its place among the disks of its machine, the same at each start.
DROP TRIGGER "volume_follows_vm";
CREATE TABLE "volume_new" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "vm_id" TEXT,
    "position" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "image_id" TEXT NOT NULL,
    "primary_storage_id" TEXT,
    "host_id" TEXT,
    "size_bytes" INTEGER NOT NULL,
    "used_bytes" INTEGER,
    "status" TEXT NOT NULL,
    "read_iops" INTEGER NOT NULL,
    "write_iops" INTEGER NOT NULL,
    "read_bytes_s" INTEGER NOT NULL,
    "write_bytes_s" INTEGER NOT NULL,
    "job_id" TEXT,
    "request_sha256" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "deleted_at" INTEGER, FOREIGN KEY ("primary_storage_id") REFERENCES "primary_storage" ("id") ON DELETE RESTRICT);
INSERT INTO "volume_new" SELECT v."id", coalesce((SELECT m."name" FROM "vm" m WHERE m."id" = v."vm_id"), ''), '',
    v."vm_id", 0, v."kind", v."image_id", v."primary_storage_id", v."host_id", v."size_bytes", NULL, v."status",
    0, 0, 0, 0, NULL, '', v."owner_id", v."created_at", NULL FROM "volume" v;
DROP TABLE "volume";
ALTER TABLE "volume_new" RENAME TO "volume";
CREATE INDEX "volumerow_image_id" ON "volume" ("image_id");
CREATE INDEX "volumerow_primary_storage_id" ON "volume" ("primary_storage_id");
CREATE INDEX "volumerow_host_id" ON "volume" ("host_id");
CREATE INDEX "volumerow_owner_id" ON "volume" ("owner_id");
-- A machine's places are each taken once.
CREATE UNIQUE INDEX "volumerow_vm_id_position" ON "volume" ("vm_id", "position") WHERE "vm_id" IS NOT NULL;

CREATE TRIGGER "volume_follows_vm" AFTER UPDATE OF "owner_id" ON "vm" WHEN OLD."owner_id" <> NEW."owner_id" BEGIN
    UPDATE "volume" SET "owner_id" = NEW."owner_id" WHERE "vm_id" = NEW."id";
END;

-- What lies nowhere claims no space.
CREATE TRIGGER "volume_claims" AFTER INSERT ON "volume" WHEN NEW."host_id" IS NOT NULL BEGIN
    INSERT INTO "ledger" VALUES (NEW."primary_storage_id" || ':' || NEW."host_id", 'disk', 0, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_moves" AFTER UPDATE OF "host_id", "primary_storage_id", "size_bytes" ON "volume"
    WHEN OLD."host_id" IS NOT NEW."host_id" OR OLD."primary_storage_id" IS NOT NEW."primary_storage_id" OR OLD."size_bytes" <> NEW."size_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || OLD."host_id" AND "unit" = 'disk';
    INSERT INTO "ledger" SELECT NEW."primary_storage_id" || ':' || NEW."host_id", 'disk', 0, NEW."size_bytes" WHERE NEW."host_id" IS NOT NULL
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_leaves" AFTER DELETE ON "volume" WHEN OLD."host_id" IS NOT NULL BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || OLD."host_id" AND "unit" = 'disk';
END;

-- Disks in the recycle bin do not count as disks, but their size does until they are gone.
CREATE TRIGGER "quota_volume_comes" AFTER INSERT ON "volume" BEGIN
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.data_volume', -1, NEW."kind" <> 'root' AND NEW."status" NOT IN ('deleted', 'expunging')),
        (NEW."owner_id", 'quota.volume_bytes', -1, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "quota_volume_goes" AFTER DELETE ON "volume" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - IIF("unit" = 'quota.data_volume',
            OLD."kind" <> 'root' AND OLD."status" NOT IN ('deleted', 'expunging'), OLD."size_bytes")
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.data_volume', 'quota.volume_bytes');
END;
CREATE TRIGGER "quota_volume_changes" AFTER UPDATE OF "owner_id", "kind", "status", "size_bytes" ON "volume"
    WHEN OLD."owner_id" <> NEW."owner_id" OR OLD."kind" <> NEW."kind" OR OLD."size_bytes" <> NEW."size_bytes"
        OR (OLD."status" IN ('deleted', 'expunging')) <> (NEW."status" IN ('deleted', 'expunging')) BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - IIF("unit" = 'quota.data_volume',
            OLD."kind" <> 'root' AND OLD."status" NOT IN ('deleted', 'expunging'), OLD."size_bytes")
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.data_volume', 'quota.volume_bytes');
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.data_volume', -1, NEW."kind" <> 'root' AND NEW."status" NOT IN ('deleted', 'expunging')),
        (NEW."owner_id", 'quota.volume_bytes', -1, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;

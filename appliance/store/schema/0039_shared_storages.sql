-- Storages that several hosts share, and that several clusters use. "cluster_id" of a storage stays
-- its first cluster. "options" are for mounting, "monitors" and "user" of a Ceph cluster.
ALTER TABLE "primary_storage" ADD COLUMN "is_shared" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "primary_storage" ADD COLUMN "options" TEXT NOT NULL DEFAULT '';
ALTER TABLE "primary_storage" ADD COLUMN "monitors" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE "primary_storage" ADD COLUMN "user" TEXT NOT NULL DEFAULT '';
ALTER TABLE "primary_storage" ADD COLUMN "sealed_key" BLOB;
CREATE TABLE "primary_storage_cluster" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "primary_storage_id" TEXT NOT NULL REFERENCES "primary_storage" ("id") ON DELETE CASCADE,
    "cluster_id" TEXT NOT NULL REFERENCES "cluster" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "primary_storage_cluster_pair" ON "primary_storage_cluster" ("primary_storage_id", "cluster_id");
CREATE INDEX "storageclusterrow_cluster_id" ON "primary_storage_cluster" ("cluster_id");
INSERT INTO "primary_storage_cluster" SELECT lower(hex(randomblob(16))), "id", "cluster_id" FROM "primary_storage";
CREATE TRIGGER "primary_storage_enters_cluster" AFTER INSERT ON "primary_storage" BEGIN
    INSERT INTO "primary_storage_cluster" VALUES (lower(hex(randomblob(16))), NEW."id", NEW."cluster_id");
END;

-- How each host reaches each storage: 'connected' or 'broken' with the reason, as last heard.
CREATE TABLE "storage_host" (
    "primary_storage_id" TEXT NOT NULL REFERENCES "primary_storage" ("id") ON DELETE CASCADE,
    "host_id" TEXT NOT NULL REFERENCES "host" ("id") ON DELETE CASCADE,
    "status" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "changed_at" INTEGER NOT NULL,
    PRIMARY KEY ("primary_storage_id", "host_id")) WITHOUT ROWID;
CREATE INDEX "storage_host_broken" ON "storage_host" ("primary_storage_id") WHERE "status" <> 'connected';

-- Copies of images are in storages, not in paths; one copy serves all hosts of a shared storage, whose
-- "host_id" is empty. "path" is that of storages that are gone.
CREATE TABLE "image_cache_new" (
    "image_id" TEXT NOT NULL,
    "storage_id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    PRIMARY KEY ("image_id", "storage_id", "host_id", "path")) WITHOUT ROWID;
INSERT INTO "image_cache_new" SELECT c."image_id",
    coalesce((SELECT s."id" FROM "primary_storage" s JOIN "host" h ON h."cluster_id" = s."cluster_id"
        WHERE h."id" = c."host_id" AND s."path" = c."path"), ''), c."host_id", c."path" FROM "image_cache" c;
DROP TABLE "image_cache";
ALTER TABLE "image_cache_new" RENAME TO "image_cache";
CREATE INDEX "imagecache_host_id" ON "image_cache" ("host_id");
UPDATE "cleanup" SET "data" = json_set("data", '$.storage', json_object('storage_id', "resource_id", 'kind', 'local',
        'path', json_extract("data", '$.path'), 'source', ''))
    WHERE "operation" = 'primary_storage.delete' AND json_extract("data", '$.storage') IS NULL;

-- What lies on a shared storage is on no host, and claims its one place: "<storage>:".
DROP TRIGGER "volume_claims";
DROP TRIGGER "volume_moves";
DROP TRIGGER "volume_leaves";
CREATE TRIGGER "volume_claims" AFTER INSERT ON "volume" WHEN NEW."primary_storage_id" IS NOT NULL BEGIN
    INSERT INTO "ledger" VALUES (NEW."primary_storage_id" || ':' || coalesce(NEW."host_id", ''), 'disk', 0, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_moves" AFTER UPDATE OF "host_id", "primary_storage_id", "size_bytes" ON "volume"
    WHEN OLD."host_id" IS NOT NEW."host_id" OR OLD."primary_storage_id" IS NOT NEW."primary_storage_id" OR OLD."size_bytes" <> NEW."size_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || coalesce(OLD."host_id", '') AND "unit" = 'disk';
    INSERT INTO "ledger" SELECT NEW."primary_storage_id" || ':' || coalesce(NEW."host_id", ''), 'disk', 0, NEW."size_bytes"
        WHERE NEW."primary_storage_id" IS NOT NULL
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_leaves" AFTER DELETE ON "volume" WHEN OLD."primary_storage_id" IS NOT NULL BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || coalesce(OLD."host_id", '') AND "unit" = 'disk';
END;

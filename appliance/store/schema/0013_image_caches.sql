-- Copies of images that hosts may have in their primary storages.
CREATE TABLE "image_cache" (
    "image_id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    PRIMARY KEY ("image_id", "host_id", "path")) WITHOUT ROWID;
CREATE INDEX "imagecache_host_id" ON "image_cache" ("host_id");
-- Where copies are was not noted before: anywhere that they could be.
INSERT INTO "image_cache" SELECT i.id, h.id, s.path
    FROM "image" i JOIN "primary_storage" s ON 1 JOIN "host" h ON h.cluster_id = s.cluster_id
    UNION SELECT v.image_id, v.host_id, s.path
    FROM "volume" v JOIN "primary_storage" s ON s.id = v.primary_storage_id;

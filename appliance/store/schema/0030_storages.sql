-- Hosts are told of a primary storage with its id, kind and source, not by a path alone.
ALTER TABLE "primary_storage" ADD COLUMN "source" TEXT NOT NULL DEFAULT '';

-- So are they in work that is under way or left. A path alone meant a directory of the job's host.
UPDATE "job" SET "data" = json_remove(json_set("data", '$.volume.head', '', '$.volume.storage', json_object(
        'storage_id', coalesce((SELECT s."id" FROM "primary_storage" s JOIN "host" h ON h."cluster_id" = s."cluster_id"
            WHERE h."id" = json_extract("job"."data", '$.host_id') AND s."path" = json_extract("job"."data", '$.volume.primary_path')), ''),
        'kind', 'local', 'path', json_extract("job"."data", '$.volume.primary_path'), 'source', '')), '$.volume.primary_path')
    WHERE "finished_at" IS NULL AND json_extract("job"."data", '$.volume.primary_path') IS NOT NULL;
UPDATE "job" SET "data" = json_remove(json_set("data", '$.disk.volume.head', '', '$.disk.volume.storage', json_object(
        'storage_id', coalesce((SELECT s."id" FROM "primary_storage" s JOIN "host" h ON h."cluster_id" = s."cluster_id"
            WHERE h."id" = json_extract("job"."data", '$.host_id') AND s."path" = json_extract("job"."data", '$.disk.volume.primary_path')), ''),
        'kind', 'local', 'path', json_extract("job"."data", '$.disk.volume.primary_path'), 'source', '')), '$.disk.volume.primary_path')
    WHERE "finished_at" IS NULL AND json_extract("job"."data", '$.disk.volume.primary_path') IS NOT NULL;
UPDATE "cleanup" SET "data" = json_remove(json_set("data", '$.volume.head', '', '$.volume.storage', json_object(
        'storage_id', coalesce((SELECT s."id" FROM "primary_storage" s JOIN "host" h ON h."cluster_id" = s."cluster_id"
            WHERE h."id" = json_extract("cleanup"."data", '$.host_id') AND s."path" = json_extract("cleanup"."data", '$.volume.primary_path')), ''),
        'kind', 'local', 'path', json_extract("cleanup"."data", '$.volume.primary_path'), 'source', '')), '$.volume.primary_path')
    WHERE json_extract("cleanup"."data", '$.volume.primary_path') IS NOT NULL;
UPDATE "cleanup" SET "data" = json_remove(json_set("data", '$.disk.volume.head', '', '$.disk.volume.storage', json_object(
        'storage_id', coalesce((SELECT s."id" FROM "primary_storage" s JOIN "host" h ON h."cluster_id" = s."cluster_id"
            WHERE h."id" = json_extract("cleanup"."data", '$.host_id') AND s."path" = json_extract("cleanup"."data", '$.disk.volume.primary_path')), ''),
        'kind', 'local', 'path', json_extract("cleanup"."data", '$.disk.volume.primary_path'), 'source', '')), '$.disk.volume.primary_path')
    WHERE json_extract("cleanup"."data", '$.disk.volume.primary_path') IS NOT NULL;

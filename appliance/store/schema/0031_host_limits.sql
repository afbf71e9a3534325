-- How much VMs may claim of a host: the host's own value, or else its cluster's, or else what the
-- global settings say. The columns without "own" are what holds.
ALTER TABLE "cluster" ADD COLUMN "cpu_ratio" REAL;
ALTER TABLE "cluster" ADD COLUMN "memory_ratio" REAL;
ALTER TABLE "cluster" ADD COLUMN "memory_reserved_bytes" INTEGER;
ALTER TABLE "host" ADD COLUMN "own_cpu_ratio" REAL;
ALTER TABLE "host" ADD COLUMN "own_memory_ratio" REAL;
ALTER TABLE "host" ADD COLUMN "own_memory_reserved_bytes" INTEGER;
-- Capacity stays what it was: what differs from what would hold by itself is the host's own.
UPDATE "host" SET "own_cpu_ratio" = "cpu_ratio" WHERE abs("cpu_ratio"
    - coalesce((SELECT CAST("value" AS REAL) FROM "setting" WHERE "name" = 'host.cpu_ratio'), 10.0)) > 1e-9;
UPDATE "host" SET "own_memory_ratio" = "memory_ratio" WHERE abs("memory_ratio"
    - coalesce((SELECT CAST("value" AS REAL) FROM "setting" WHERE "name" = 'host.memory_ratio'), 1.0)) > 1e-9;
UPDATE "host" SET "own_memory_reserved_bytes" = "memory_reserved_bytes" WHERE "memory_reserved_bytes" IS NOT
    (SELECT min(1073741824, json_extract(a."facts", '$.memory_bytes') / 4) FROM "agent" a WHERE a."id" = "host"."agent_id");

-- The feed knows whose each change is; NULL is infrastructure, which only administrators see.
ALTER TABLE "feed" ADD COLUMN "owner" TEXT;

-- Lists of a hundred thousand machines: an index for each order that is asked for much, by itself
-- and after what is filtered most. The id is last, because pages need an order without ties.
CREATE INDEX "vmrow_name_id" ON "vm" ("name", "id");
CREATE INDEX "vmrow_memory_bytes_id" ON "vm" ("memory_bytes", "id");
CREATE INDEX "vmrow_cpu_count_memory_bytes_id" ON "vm" ("cpu_count", "memory_bytes", "id");
CREATE INDEX "vmrow_state_name_id" ON "vm" ("state", "name", "id");
CREATE INDEX "vmrow_state_created_at_id" ON "vm" ("state", "created_at", "id");
CREATE INDEX "vmrow_state_cpu_count_memory_bytes" ON "vm" ("state", "cpu_count", "memory_bytes");
CREATE INDEX "vmrow_owner_id_created_at_id" ON "vm" ("owner_id", "created_at", "id");
-- Each of these is the beginning of one of those.
DROP INDEX "vmrow_state";
DROP INDEX "vmrow_owner_id";

CREATE INDEX "nicrow_address" ON "nic" ("address");
CREATE INDEX "jobrow_created_at" ON "job" ("created_at");
CREATE INDEX "jobrow_state_created_at_id" ON "job" ("state", "created_at", "id");
DROP INDEX "jobrow_state";

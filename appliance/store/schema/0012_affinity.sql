-- Affinity groups: machines that are placed together, or apart.
CREATE TABLE "affinity_group" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "policy" TEXT NOT NULL,
    "is_required" INTEGER NOT NULL,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE INDEX "affinitygrouprow_owner_id" ON "affinity_group" ("owner_id");
ALTER TABLE "vm" ADD COLUMN "affinity_group_id" TEXT;
CREATE INDEX "vmrow_affinity_group_id" ON "vm" ("affinity_group_id") WHERE "affinity_group_id" IS NOT NULL;

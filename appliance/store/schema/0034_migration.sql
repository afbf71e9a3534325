-- What a machine claims on a second host while it moves: triggers keep the sums, as in 0004.
CREATE TABLE "vm_migration" (
    "vm_id" TEXT NOT NULL PRIMARY KEY,
    "host_id" TEXT NOT NULL,
    "cpu_count" INTEGER NOT NULL,
    "memory_bytes" INTEGER NOT NULL,
    "job_id" TEXT NOT NULL);
CREATE INDEX "vmmigrationrow_host_id" ON "vm_migration" ("host_id");
CREATE TABLE "volume_copy" (
    "volume_id" TEXT NOT NULL PRIMARY KEY,
    "primary_storage_id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "job_id" TEXT NOT NULL);
CREATE INDEX "volumecopyrow_host_id" ON "volume_copy" ("host_id");

CREATE TRIGGER "vm_migration_claims" AFTER INSERT ON "vm_migration" BEGIN
    INSERT INTO "ledger" VALUES (NEW."host_id", 'cpu', 0, NEW."cpu_count"), (NEW."host_id", 'memory', 0, NEW."memory_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "vm_migration_leaves" AFTER DELETE ON "vm_migration" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."cpu_count" WHERE "holder" = OLD."host_id" AND "unit" = 'cpu';
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."memory_bytes" WHERE "holder" = OLD."host_id" AND "unit" = 'memory';
END;
CREATE TRIGGER "volume_copy_claims" AFTER INSERT ON "volume_copy" BEGIN
    INSERT INTO "ledger" VALUES (NEW."primary_storage_id" || ':' || NEW."host_id", 'disk', 0, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_copy_leaves" AFTER DELETE ON "volume_copy" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || OLD."host_id" AND "unit" = 'disk';
END;

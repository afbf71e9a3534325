-- Capacity and claims. A claim is a row that names what it takes: a VM its host, a volume its
-- place, a NIC its network. Triggers keep the sums with the rows, so no code path can forget them.
CREATE TABLE "ledger" (
    "holder" TEXT NOT NULL,
    "unit" TEXT NOT NULL,
    "capacity" INTEGER NOT NULL,
    "claimed" INTEGER NOT NULL,
    "free" INTEGER GENERATED ALWAYS AS ("capacity" - "claimed") VIRTUAL,
    PRIMARY KEY ("holder", "unit")) WITHOUT ROWID;
CREATE INDEX "ledger_unit_free" ON "ledger" ("unit", "free");

-- Where the disks of a primary storage are: on local storage one place on each host.
CREATE TABLE "storage_place" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "primary_storage_id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "total_bytes" INTEGER NOT NULL,
    "available_bytes" INTEGER NOT NULL, FOREIGN KEY ("primary_storage_id") REFERENCES "primary_storage" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "storageplacerow_primary_storage_id_host_id" ON "storage_place" ("primary_storage_id", "host_id");
CREATE INDEX "storageplacerow_primary_storage_id" ON "storage_place" ("primary_storage_id");
CREATE INDEX "storageplacerow_host_id" ON "storage_place" ("host_id");

ALTER TABLE "host" ADD COLUMN "connected" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "host" ADD COLUMN "memory_ratio" REAL NOT NULL DEFAULT 1.0;
ALTER TABLE "primary_storage" ADD COLUMN "ratio" REAL NOT NULL DEFAULT 1.0;
ALTER TABLE "primary_storage" ADD COLUMN "reserved_bytes" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "primary_storage" ADD COLUMN "threshold" REAL NOT NULL DEFAULT 0.9;
-- The lowest address of a range that may be free: all below it are taken.
ALTER TABLE "address_range" ADD COLUMN "next_free" INTEGER NOT NULL DEFAULT 0;
UPDATE "address_range" SET "next_free" = "first";

INSERT INTO "storage_place" SELECT s.id || ':' || h.id, s.id, h.id, s.total_bytes, s.available_bytes
    FROM "primary_storage" s JOIN "host" h ON h.cluster_id = s.cluster_id;
INSERT INTO "ledger" SELECT h.id, 'cpu', CAST(json_extract(a.facts, '$.cpu_count') * h.cpu_ratio AS INTEGER), 0
    FROM "host" h JOIN "agent" a ON a.id = h.agent_id;
INSERT INTO "ledger" SELECT h.id, 'memory', json_extract(a.facts, '$.memory_bytes') - h.memory_reserved_bytes, 0
    FROM "host" h JOIN "agent" a ON a.id = h.agent_id;
INSERT INTO "ledger" SELECT "id", 'disk', "total_bytes", 0 FROM "storage_place";
INSERT INTO "ledger" SELECT "network_id", 'address', SUM("last" - "first" + 1), 0
    FROM "address_range" GROUP BY "network_id";
INSERT INTO "ledger" SELECT "host_id", 'cpu', 0, SUM("cpu_count") FROM "vm" WHERE "host_id" IS NOT NULL GROUP BY "host_id"
    ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = excluded."claimed";
INSERT INTO "ledger" SELECT "host_id", 'memory', 0, SUM("memory_bytes") FROM "vm" WHERE "host_id" IS NOT NULL GROUP BY "host_id"
    ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = excluded."claimed";
INSERT INTO "ledger" SELECT "primary_storage_id" || ':' || "host_id", 'disk', 0, SUM("size_bytes") FROM "volume" WHERE 1 GROUP BY 1
    ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = excluded."claimed";
INSERT INTO "ledger" SELECT "network_id", 'address', 0, COUNT(*) FROM "nic" WHERE 1 GROUP BY "network_id"
    ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = excluded."claimed";

CREATE TRIGGER "vm_claims" AFTER INSERT ON "vm" WHEN NEW."host_id" IS NOT NULL BEGIN
    INSERT INTO "ledger" VALUES (NEW."host_id", 'cpu', 0, NEW."cpu_count"), (NEW."host_id", 'memory', 0, NEW."memory_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "vm_moves" AFTER UPDATE OF "host_id", "cpu_count", "memory_bytes" ON "vm"
    WHEN OLD."host_id" IS NOT NEW."host_id" OR OLD."cpu_count" <> NEW."cpu_count" OR OLD."memory_bytes" <> NEW."memory_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."cpu_count" WHERE "holder" = OLD."host_id" AND "unit" = 'cpu';
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."memory_bytes" WHERE "holder" = OLD."host_id" AND "unit" = 'memory';
    INSERT INTO "ledger" SELECT NEW."host_id", 'cpu', 0, NEW."cpu_count" WHERE NEW."host_id" IS NOT NULL
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
    INSERT INTO "ledger" SELECT NEW."host_id", 'memory', 0, NEW."memory_bytes" WHERE NEW."host_id" IS NOT NULL
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "vm_leaves" AFTER DELETE ON "vm" WHEN OLD."host_id" IS NOT NULL BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."cpu_count" WHERE "holder" = OLD."host_id" AND "unit" = 'cpu';
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."memory_bytes" WHERE "holder" = OLD."host_id" AND "unit" = 'memory';
END;

CREATE TRIGGER "volume_claims" AFTER INSERT ON "volume" BEGIN
    INSERT INTO "ledger" VALUES (NEW."primary_storage_id" || ':' || NEW."host_id", 'disk', 0, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_moves" AFTER UPDATE OF "host_id", "primary_storage_id", "size_bytes" ON "volume"
    WHEN OLD."host_id" <> NEW."host_id" OR OLD."primary_storage_id" <> NEW."primary_storage_id" OR OLD."size_bytes" <> NEW."size_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || OLD."host_id" AND "unit" = 'disk';
    INSERT INTO "ledger" VALUES (NEW."primary_storage_id" || ':' || NEW."host_id", 'disk', 0, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "volume_leaves" AFTER DELETE ON "volume" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - OLD."size_bytes"
        WHERE "holder" = OLD."primary_storage_id" || ':' || OLD."host_id" AND "unit" = 'disk';
END;

CREATE TRIGGER "nic_claims" AFTER INSERT ON "nic" BEGIN
    INSERT INTO "ledger" VALUES (NEW."network_id", 'address', 0, 1)
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + 1;
END;
CREATE TRIGGER "nic_leaves" AFTER DELETE ON "nic" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - 1 WHERE "holder" = OLD."network_id" AND "unit" = 'address';
    UPDATE "address_range" SET "next_free" = OLD."address"
        WHERE "network_id" = OLD."network_id" AND OLD."address" BETWEEN "first" AND "last" AND "next_free" > OLD."address";
END;

-- Networks may hold addresses back, and choose free ones in different orders.
ALTER TABLE "network" ADD COLUMN "allocation" TEXT NOT NULL DEFAULT 'first';
CREATE TABLE "reserved_range" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "network_id" TEXT NOT NULL REFERENCES "network" ("id") ON DELETE CASCADE,
    "first" INTEGER NOT NULL,
    "last" INTEGER NOT NULL);
CREATE INDEX "reservedrangerow_network_id" ON "reserved_range" ("network_id");

-- Those that were given back, in that order. Below "next_new" no free address is without a line.
CREATE TABLE "address_released" (
    "number" INTEGER PRIMARY KEY AUTOINCREMENT,
    "network_id" TEXT NOT NULL REFERENCES "network" ("id") ON DELETE CASCADE,
    "address" INTEGER NOT NULL);
CREATE UNIQUE INDEX "address_released_address" ON "address_released" ("network_id", "address");
ALTER TABLE "address_range" ADD COLUMN "next_new" INTEGER NOT NULL DEFAULT 0;
UPDATE "address_range" SET "next_new" = "first";

CREATE TRIGGER "nic_releases" AFTER DELETE ON "nic" BEGIN
    INSERT OR REPLACE INTO "address_released" ("network_id", "address") VALUES (OLD."network_id", OLD."address");
END;
CREATE TRIGGER "nic_takes" AFTER INSERT ON "nic" BEGIN
    DELETE FROM "address_released" WHERE "network_id" = NEW."network_id" AND "address" = NEW."address";
END;
CREATE TRIGGER "elastic_ip_releases" AFTER DELETE ON "elastic_ip" BEGIN
    INSERT OR REPLACE INTO "address_released" ("network_id", "address") VALUES (OLD."network_id", OLD."address");
END;
CREATE TRIGGER "elastic_ip_takes" AFTER INSERT ON "elastic_ip" BEGIN
    DELETE FROM "address_released" WHERE "network_id" = NEW."network_id" AND "address" = NEW."address";
END;

-- Elastic IPs: public addresses that are bound to NICs one to one. An address of a network is a
-- NIC's or an elastic IP's; both claim it, and give it back in the same way.
CREATE TABLE "elastic_ip" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "network_id" TEXT NOT NULL REFERENCES "network" ("id") ON DELETE RESTRICT,
    "address" INTEGER NOT NULL,
    "nic_id" TEXT,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE UNIQUE INDEX "elastic_ip_address" ON "elastic_ip" ("network_id", "address");
CREATE UNIQUE INDEX "elastic_ip_nic" ON "elastic_ip" ("nic_id") WHERE "nic_id" IS NOT NULL;
CREATE INDEX "elasticiprow_owner_id" ON "elastic_ip" ("owner_id");

CREATE TRIGGER "elastic_ip_claims" AFTER INSERT ON "elastic_ip" BEGIN
    INSERT INTO "ledger" VALUES (NEW."network_id", 'address', 0, 1)
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + 1;
    INSERT INTO "ledger" VALUES (NEW."owner_id", 'quota.elastic_ip', -1, 1)
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + 1;
END;
CREATE TRIGGER "elastic_ip_leaves" AFTER DELETE ON "elastic_ip" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - 1
        WHERE ("holder" = OLD."network_id" AND "unit" = 'address')
           OR ("holder" = OLD."owner_id" AND "unit" = 'quota.elastic_ip');
    UPDATE "address_range" SET "next_free" = OLD."address"
        WHERE "network_id" = OLD."network_id" AND OLD."address" BETWEEN "first" AND "last" AND "next_free" > OLD."address";
END;
CREATE TRIGGER "nic_leaves_elastic_ip" AFTER DELETE ON "nic" BEGIN
    UPDATE "elastic_ip" SET "nic_id" = NULL WHERE "nic_id" = OLD."id";
END;

-- Tenants of older versions get the limit that new ones get.
INSERT INTO "ledger" SELECT "id", 'quota.elastic_ip', 20, 0 FROM "account" WHERE "kind" = 'tenant';

-- Networks with a tag on a NIC (VLAN), and networks over all hosts of their clusters (VXLAN).
CREATE TABLE "vxlan_pool" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "zone_id" TEXT NOT NULL REFERENCES "zone" ("id") ON DELETE RESTRICT,
    "vni_first" INTEGER NOT NULL,
    "vni_last" INTEGER NOT NULL,
    "underlay_cidr" TEXT NOT NULL,
    "underlay_first" INTEGER NOT NULL,
    "underlay_last" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE INDEX "vxlanpoolrow_zone_id" ON "vxlan_pool" ("zone_id");
ALTER TABLE "network" ADD COLUMN "vlan_id" INTEGER;
ALTER TABLE "network" ADD COLUMN "vxlan_pool_id" TEXT REFERENCES "vxlan_pool" ("id") ON DELETE RESTRICT;
ALTER TABLE "network" ADD COLUMN "vni" INTEGER;
CREATE UNIQUE INDEX "network_vni" ON "network" ("vxlan_pool_id", "vni") WHERE "vni" IS NOT NULL;

-- The clusters that a network is in. "cluster_id" of a network stays its first one. Hosts of a
-- cluster that it is leaving are not told of it any more.
CREATE TABLE "network_cluster" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "network_id" TEXT NOT NULL REFERENCES "network" ("id") ON DELETE CASCADE,
    "cluster_id" TEXT NOT NULL REFERENCES "cluster" ("id") ON DELETE RESTRICT,
    "is_leaving" INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX "network_cluster_pair" ON "network_cluster" ("network_id", "cluster_id");
CREATE INDEX "networkclusterrow_cluster_id" ON "network_cluster" ("cluster_id");
INSERT INTO "network_cluster" SELECT lower(hex(randomblob(16))), "id", "cluster_id", 0 FROM "network";
CREATE TRIGGER "network_enters_cluster" AFTER INSERT ON "network" BEGIN
    INSERT INTO "network_cluster" VALUES (lower(hex(randomblob(16))), NEW."id", NEW."cluster_id", 0);
END;

-- The IPv4 addresses of machines, as numbers so that they compare; noted at each connection.
CREATE TABLE "agent_address" (
    "agent_id" TEXT NOT NULL REFERENCES "agent" ("id") ON DELETE CASCADE,
    "address" INTEGER NOT NULL,
    "interface" TEXT NOT NULL,
    "mtu" INTEGER NOT NULL,
    PRIMARY KEY ("agent_id", "address"));

-- Networks may have an IPv6 part beside their IPv4 part; their NICs have an address of each.
ALTER TABLE "network" ADD COLUMN "ipv6_mode" TEXT NOT NULL DEFAULT 'none';
ALTER TABLE "network" ADD COLUMN "ipv6_cidr" TEXT NOT NULL DEFAULT '';
ALTER TABLE "network" ADD COLUMN "ipv6_gateway" TEXT NOT NULL DEFAULT '';
ALTER TABLE "network" ADD COLUMN "ipv6_service_address" TEXT NOT NULL DEFAULT '';
-- Addresses as texts (RFC 5952): they have more bits than an integer. The next one to be given out
-- is "next"; at the end of the range it begins anew.
CREATE TABLE "ipv6_range" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "network_id" TEXT NOT NULL REFERENCES "network" ("id") ON DELETE CASCADE,
    "first" TEXT NOT NULL,
    "last" TEXT NOT NULL,
    "next" TEXT NOT NULL);
CREATE INDEX "ipv6rangerow_network_id" ON "ipv6_range" ("network_id");
ALTER TABLE "nic" ADD COLUMN "ipv6_address" TEXT;
CREATE UNIQUE INDEX "nicrow_network_id_ipv6_address" ON "nic" ("network_id", "ipv6_address")
    WHERE "ipv6_address" IS NOT NULL;
CREATE INDEX "nicrow_ipv6_address" ON "nic" ("ipv6_address") WHERE "ipv6_address" IS NOT NULL;

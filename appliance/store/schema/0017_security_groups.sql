-- Security groups, their rules, and which NICs are in them.
CREATE TABLE "security_group" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "is_default" INTEGER NOT NULL,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE INDEX "securitygrouprow_owner_id" ON "security_group" ("owner_id");
CREATE UNIQUE INDEX "security_group_default" ON "security_group" ("owner_id") WHERE "is_default";
CREATE TABLE "security_rule" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "security_group_id" TEXT NOT NULL REFERENCES "security_group" ("id") ON DELETE CASCADE,
    "direction" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "protocol" TEXT NOT NULL,
    "port_first" INTEGER,
    "port_last" INTEGER,
    "icmp_type" INTEGER,
    "icmp_code" INTEGER,
    "cidr" TEXT NOT NULL,
    "peer_group_id" TEXT REFERENCES "security_group" ("id") ON DELETE CASCADE,
    "description" TEXT NOT NULL,
    "is_enabled" INTEGER NOT NULL,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE INDEX "securityrulerow_security_group_id" ON "security_rule" ("security_group_id");
CREATE INDEX "securityrulerow_peer_group_id" ON "security_rule" ("peer_group_id");
CREATE INDEX "securityrulerow_owner_id" ON "security_rule" ("owner_id");
CREATE TABLE "nic_security_group" (
    "nic_id" TEXT NOT NULL,
    "security_group_id" TEXT NOT NULL REFERENCES "security_group" ("id") ON DELETE RESTRICT,
    PRIMARY KEY ("nic_id", "security_group_id")) WITHOUT ROWID;
CREATE INDEX "nic_security_group_group" ON "nic_security_group" ("security_group_id");
CREATE TRIGGER "nic_leaves_groups" AFTER DELETE ON "nic" BEGIN
    DELETE FROM "nic_security_group" WHERE "nic_id" = OLD."id";
END;

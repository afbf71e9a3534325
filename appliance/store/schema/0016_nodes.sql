-- Management nodes that share this database, and which of them runs a job. The epoch of a node
-- grows with each of its starts, and once more if others take it for lost: it may write only
-- while it knows its epoch.
CREATE TABLE "management_node" ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL DEFAULT '', "status" TEXT NOT NULL DEFAULT 'down', "epoch" INTEGER NOT NULL, "beat" INTEGER NOT NULL DEFAULT 0, "started_at" INTEGER NOT NULL DEFAULT 0, "seen_at" INTEGER NOT NULL DEFAULT 0);
ALTER TABLE "job" ADD COLUMN "node_id" TEXT NOT NULL DEFAULT '';

-- The change feed, jobs and clean-up work.
CREATE TABLE "feed" ("seq" INTEGER NOT NULL PRIMARY KEY, "kind" TEXT NOT NULL, "ref" TEXT NOT NULL, "action" TEXT NOT NULL, "data" TEXT NOT NULL, "at" INTEGER NOT NULL);
CREATE TABLE "job" ("number" INTEGER NOT NULL PRIMARY KEY, "id" TEXT NOT NULL, "operation" TEXT NOT NULL, "state" TEXT NOT NULL, "queue" TEXT NOT NULL, "resource_kind" TEXT NOT NULL, "resource_id" TEXT NOT NULL, "resource_name" TEXT NOT NULL, "account_id" TEXT NOT NULL, "reason" TEXT NOT NULL, "data" TEXT NOT NULL, "steps" TEXT NOT NULL, "error" TEXT, "waiting_for" TEXT, "created_at" INTEGER NOT NULL, "started_at" INTEGER, "finished_at" INTEGER);
CREATE UNIQUE INDEX "jobrow_id" ON "job" ("id");
CREATE INDEX "jobrow_state" ON "job" ("state");
CREATE INDEX "jobrow_queue" ON "job" ("queue");
CREATE INDEX "jobrow_resource_id" ON "job" ("resource_id");
CREATE TABLE "cleanup" ("id" TEXT NOT NULL PRIMARY KEY, "job_id" TEXT NOT NULL, "step" TEXT NOT NULL, "attempts" INTEGER NOT NULL, "next_at" INTEGER NOT NULL, "error" TEXT NOT NULL);

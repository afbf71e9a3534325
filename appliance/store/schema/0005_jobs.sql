-- Jobs know more: priority, dependencies, parents, deadlines, who asked from where, a log.
ALTER TABLE "job" DROP COLUMN "waiting_for";
ALTER TABLE "job" ADD COLUMN "account_name" TEXT NOT NULL DEFAULT '';
ALTER TABLE "job" ADD COLUMN "address" TEXT NOT NULL DEFAULT '';
ALTER TABLE "job" ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "job" ADD COLUMN "after" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE "job" ADD COLUMN "parent_id" TEXT;
ALTER TABLE "job" ADD COLUMN "children" TEXT;
ALTER TABLE "job" ADD COLUMN "deadline_at" INTEGER;
ALTER TABLE "job" ADD COLUMN "cancelled_by" TEXT NOT NULL DEFAULT '';
ALTER TABLE "job" ADD COLUMN "attempts" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "job" ADD COLUMN "waiting" TEXT;
CREATE INDEX "jobrow_parent_id" ON "job" ("parent_id");
CREATE INDEX "jobrow_finished_at" ON "job" ("finished_at");

CREATE TABLE "job_log" ("number" INTEGER NOT NULL PRIMARY KEY, "job_id" TEXT NOT NULL, "at" INTEGER NOT NULL, "level" TEXT NOT NULL, "code" TEXT NOT NULL, "params" TEXT NOT NULL);
CREATE INDEX "joblogrow_job_id" ON "job_log" ("job_id");

-- What is needed to repeat an undo outlives the resource and the job.
ALTER TABLE "cleanup" ADD COLUMN "operation" TEXT NOT NULL DEFAULT '';
ALTER TABLE "cleanup" ADD COLUMN "resource_id" TEXT NOT NULL DEFAULT '';
ALTER TABLE "cleanup" ADD COLUMN "resource_name" TEXT NOT NULL DEFAULT '';
ALTER TABLE "cleanup" ADD COLUMN "data" TEXT NOT NULL DEFAULT '{}';
ALTER TABLE "cleanup" ADD COLUMN "created_at" INTEGER NOT NULL DEFAULT 0;
UPDATE "cleanup" SET
    "operation" = COALESCE((SELECT "operation" FROM "job" WHERE "job"."id" = "cleanup"."job_id"), ''),
    "resource_id" = COALESCE((SELECT "resource_id" FROM "job" WHERE "job"."id" = "cleanup"."job_id"), ''),
    "resource_name" = COALESCE((SELECT "resource_name" FROM "job" WHERE "job"."id" = "cleanup"."job_id"), ''),
    "data" = COALESCE((SELECT "data" FROM "job" WHERE "job"."id" = "cleanup"."job_id"), '{}');

-- Answers to requests that carried an Idempotency-Key, kept for a day.
CREATE TABLE "idempotency" ("account_id" TEXT NOT NULL, "key" TEXT NOT NULL, "fingerprint" TEXT NOT NULL, "status" INTEGER NOT NULL, "body" BLOB NOT NULL, "created_at" INTEGER NOT NULL, PRIMARY KEY ("account_id", "key")) WITHOUT ROWID;
CREATE INDEX "idempotency_created_at" ON "idempotency" ("created_at");

-- Grows with each start of a node: a node whose epoch is not the newest may not write.
CREATE TABLE "fence" ("id" INTEGER NOT NULL PRIMARY KEY CHECK ("id" = 1), "epoch" INTEGER NOT NULL);
INSERT INTO "fence" VALUES (1, 0);

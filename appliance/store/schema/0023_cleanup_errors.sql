-- Why clean-up work did not work is kept as errors are, with a code and values, so that it can be
-- told in each language.
ALTER TABLE "cleanup" RENAME COLUMN "error" TO "reason";
ALTER TABLE "cleanup" ADD COLUMN "error" TEXT;
UPDATE "cleanup" SET "error" = json_object('code', 'cleanup.failed', 'message', "reason", 'params', json_object('reason', "reason"))
    WHERE "reason" <> '';
ALTER TABLE "cleanup" DROP COLUMN "reason";

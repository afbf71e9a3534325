-- The audit log tells why, and which request it was.
ALTER TABLE "audit" ADD COLUMN "reason" TEXT NOT NULL DEFAULT '';
ALTER TABLE "audit" ADD COLUMN "request_id" TEXT NOT NULL DEFAULT '';

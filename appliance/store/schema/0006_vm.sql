-- Machines remember the request that made them, so that a repeated id with other content is refused.
ALTER TABLE "vm" ADD COLUMN "request_sha256" TEXT NOT NULL DEFAULT '';

-- Networks tell their machines routes of their own.
ALTER TABLE "network" ADD COLUMN "host_routes" TEXT NOT NULL DEFAULT '[]';

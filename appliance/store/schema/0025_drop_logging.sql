-- A security group may want to know what its members are refused.
ALTER TABLE "security_group" ADD COLUMN "log_drops" INTEGER NOT NULL DEFAULT 0;

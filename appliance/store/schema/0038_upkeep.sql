-- What becomes of a machine after its host has booted; without a row it is started again.
CREATE TABLE "vm_recovery" (
    "vm_id" TEXT NOT NULL PRIMARY KEY,
    "on_host_boot" TEXT NOT NULL, FOREIGN KEY ("vm_id") REFERENCES "vm" ("id") ON DELETE CASCADE) WITHOUT ROWID;
-- Machines that are owed a start on a host: since another boot than `boot_id`, or after maintenance.
CREATE TABLE "vm_owed" (
    "vm_id" TEXT NOT NULL PRIMARY KEY,
    "host_id" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "boot_id" TEXT NOT NULL, FOREIGN KEY ("vm_id") REFERENCES "vm" ("id") ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX "vm_owed_host_id" ON "vm_owed" ("host_id");
-- The state to which a host in maintenance returns.
ALTER TABLE "host" ADD COLUMN "came_from" TEXT;

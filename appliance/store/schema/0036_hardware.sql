-- Hardware of machines that is not as usual: `settings` as JSON. `running` is what a machine was
-- started with, if that has been changed since; NULL else.
CREATE TABLE "vm_hardware" (
    "vm_id" TEXT NOT NULL PRIMARY KEY REFERENCES "vm" ("id") ON DELETE CASCADE,
    "settings" TEXT NOT NULL,
    "running" TEXT);

-- The processor of machines that follow their cluster. `baseline` is JSON, NULL until the cluster's
-- hosts were compared; `compared` tells for which hosts and processors it holds.
CREATE TABLE "cluster_cpu" (
    "cluster_id" TEXT NOT NULL PRIMARY KEY REFERENCES "cluster" ("id") ON DELETE CASCADE,
    "mode" TEXT NOT NULL DEFAULT 'baseline',
    "model" TEXT NOT NULL DEFAULT '',
    "baseline" TEXT,
    "compared" TEXT NOT NULL DEFAULT '');

ALTER TABLE "volume" ADD COLUMN "bus" TEXT NOT NULL DEFAULT 'virtio';

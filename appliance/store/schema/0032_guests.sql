-- What a machine's guest is told at its start, beside its keys and user data.
CREATE TABLE "vm_guest" (
    "vm_id" TEXT NOT NULL PRIMARY KEY,
    "hostname" TEXT NOT NULL,
    "cloud_init" TEXT NOT NULL, FOREIGN KEY ("vm_id") REFERENCES "vm" ("id") ON DELETE CASCADE);

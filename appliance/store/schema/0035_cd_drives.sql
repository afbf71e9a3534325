-- The discs in machines' CD drives. `job_id` is the job that puts one in, or takes it out.
CREATE TABLE "vm_cd" (
    "vm_id" TEXT NOT NULL,
    "slot" INTEGER NOT NULL,
    "image_id" TEXT NOT NULL,
    "job_id" TEXT,
    "is_leaving" INTEGER NOT NULL,
    PRIMARY KEY ("vm_id", "slot"), FOREIGN KEY ("vm_id") REFERENCES "vm" ("id") ON DELETE CASCADE);
CREATE INDEX "vmcdrow_image_id" ON "vm_cd" ("image_id");

-- What an image is; so far, all are disks that machines start from.
ALTER TABLE "image" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'disk';

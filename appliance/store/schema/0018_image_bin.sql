-- When an image was moved to the recycle bin.
ALTER TABLE "image" ADD COLUMN "deleted_at" INTEGER;

-- What an image store is made of; so far, all are directories of hosts.
ALTER TABLE "image_store" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'directory';

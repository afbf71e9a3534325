-- Global settings that differ from their defaults.
CREATE TABLE "setting" ("name" TEXT NOT NULL PRIMARY KEY, "value" TEXT NOT NULL, "changed_at" INTEGER NOT NULL);

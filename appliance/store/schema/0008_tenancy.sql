-- Users, groups, roles, shares, API tokens; who owns what.
ALTER TABLE "account" ADD COLUMN "state" TEXT NOT NULL DEFAULT 'enabled';

CREATE TABLE "user" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("account_id") REFERENCES "account" ("id") ON DELETE CASCADE);
CREATE INDEX "userrow_account_id" ON "user" ("account_id");
CREATE UNIQUE INDEX "userrow_account_id_name" ON "user" ("account_id", "name");

CREATE TABLE "user_group" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("account_id") REFERENCES "account" ("id") ON DELETE CASCADE);
CREATE INDEX "grouprow_account_id" ON "user_group" ("account_id");

CREATE TABLE "group_member" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "group_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL, FOREIGN KEY ("group_id") REFERENCES "user_group" ("id") ON DELETE CASCADE, FOREIGN KEY ("user_id") REFERENCES "user" ("id") ON DELETE CASCADE);
CREATE INDEX "memberrow_group_id" ON "group_member" ("group_id");
CREATE INDEX "memberrow_user_id" ON "group_member" ("user_id");
CREATE UNIQUE INDEX "memberrow_group_id_user_id" ON "group_member" ("group_id", "user_id");

-- Predefined roles have no account.
CREATE TABLE "role" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "statements" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE INDEX "rolerow_account_id" ON "role" ("account_id");
CREATE TABLE "role_attachment" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "role_id" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL, FOREIGN KEY ("role_id") REFERENCES "role" ("id") ON DELETE CASCADE);
CREATE INDEX "attachmentrow_role_id" ON "role_attachment" ("role_id");
CREATE INDEX "attachmentrow_subject_id" ON "role_attachment" ("subject_id");
CREATE UNIQUE INDEX "attachmentrow_role_id_subject_id" ON "role_attachment" ("role_id", "subject_id");

CREATE TABLE "api_token" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "account_id" TEXT NOT NULL,
    "user_id" TEXT,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "token_sha256" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "expires_at" INTEGER,
    "last_used_at" INTEGER,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("account_id") REFERENCES "account" ("id") ON DELETE CASCADE, FOREIGN KEY ("user_id") REFERENCES "user" ("id") ON DELETE CASCADE);
CREATE INDEX "tokenrow_account_id" ON "api_token" ("account_id");
CREATE INDEX "tokenrow_user_id" ON "api_token" ("user_id");
CREATE UNIQUE INDEX "tokenrow_token_sha256" ON "api_token" ("token_sha256");
ALTER TABLE "session" ADD COLUMN "user_id" TEXT REFERENCES "user" ("id") ON DELETE CASCADE;
CREATE INDEX "sessionrow_user_id" ON "session" ("user_id");

-- `account_id` is empty for what every account may use.
CREATE TABLE "share" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE INDEX "sharerow_resource_id" ON "share" ("resource_id");
CREATE INDEX "sharerow_owner_id" ON "share" ("owner_id");
CREATE UNIQUE INDEX "sharerow_account_id_kind_resource_id" ON "share" ("account_id", "kind", "resource_id");

-- Owners. What is there already is the first administrator's.
ALTER TABLE "image" ADD COLUMN "owner_id" TEXT NOT NULL DEFAULT '';
ALTER TABLE "network" ADD COLUMN "owner_id" TEXT NOT NULL DEFAULT '';
ALTER TABLE "instance_offering" ADD COLUMN "owner_id" TEXT NOT NULL DEFAULT '';
ALTER TABLE "volume" ADD COLUMN "owner_id" TEXT NOT NULL DEFAULT '';
CREATE INDEX "imagerow_owner_id" ON "image" ("owner_id");
CREATE INDEX "networkrow_owner_id" ON "network" ("owner_id");
CREATE INDEX "instanceofferingrow_owner_id" ON "instance_offering" ("owner_id");
CREATE INDEX "volumerow_owner_id" ON "volume" ("owner_id");
CREATE INDEX "jobrow_account_id" ON "job" ("account_id");
CREATE INDEX "auditrow_account_id" ON "audit" ("account_id");
UPDATE "image" SET "owner_id" = COALESCE((SELECT "id" FROM "account" WHERE "name" = 'admin'), '');
UPDATE "network" SET "owner_id" = COALESCE((SELECT "id" FROM "account" WHERE "name" = 'admin'), '');
UPDATE "instance_offering" SET "owner_id" = COALESCE((SELECT "id" FROM "account" WHERE "name" = 'admin'), '');
UPDATE "volume" SET "owner_id" = COALESCE((SELECT "owner_id" FROM "vm" WHERE "vm"."id" = "volume"."vm_id"), '');

-- Disks belong to whom their machine belongs.
CREATE TRIGGER "volume_follows_vm" AFTER UPDATE OF "owner_id" ON "vm" WHEN OLD."owner_id" <> NEW."owner_id" BEGIN
    UPDATE "volume" SET "owner_id" = NEW."owner_id" WHERE "vm_id" = NEW."id";
END;
-- What is gone is shared no longer, and has no roles.
CREATE TRIGGER "image_unshared" AFTER DELETE ON "image" BEGIN
    DELETE FROM "share" WHERE "kind" = 'image' AND "resource_id" = OLD."id";
END;
CREATE TRIGGER "network_unshared" AFTER DELETE ON "network" BEGIN
    DELETE FROM "share" WHERE "kind" = 'network' AND "resource_id" = OLD."id";
END;
CREATE TRIGGER "offering_unshared" AFTER DELETE ON "instance_offering" BEGIN
    DELETE FROM "share" WHERE "kind" = 'instance_offering' AND "resource_id" = OLD."id";
END;
CREATE TRIGGER "image_store_unshared" AFTER DELETE ON "image_store" BEGIN
    DELETE FROM "share" WHERE "kind" = 'image_store' AND "resource_id" = OLD."id";
END;
CREATE TRIGGER "user_without_roles" AFTER DELETE ON "user" BEGIN
    DELETE FROM "role_attachment" WHERE "subject_id" = OLD."id";
END;
CREATE TRIGGER "group_without_roles" AFTER DELETE ON "user_group" BEGIN
    DELETE FROM "role_attachment" WHERE "subject_id" = OLD."id";
END;
CREATE TRIGGER "account_without_roles" AFTER DELETE ON "account" BEGIN
    DELETE FROM "role_attachment" WHERE "subject_id" = OLD."id";
    DELETE FROM "role" WHERE "account_id" = OLD."id";
    DELETE FROM "share" WHERE "account_id" = OLD."id";
END;

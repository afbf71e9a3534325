-- Accounts, sessions, the set-up code, the audit log.
CREATE TABLE "account" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE UNIQUE INDEX "accountrow_name" ON "account" ("name");
CREATE TABLE "session" (
    "token_sha256" TEXT NOT NULL PRIMARY KEY,
    "account_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL, FOREIGN KEY ("account_id") REFERENCES "account" ("id") ON DELETE CASCADE);
CREATE INDEX "sessionrow_account_id" ON "session" ("account_id");
CREATE TABLE "setup_code" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "code_hash" TEXT NOT NULL);
CREATE TABLE "audit" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "at" INTEGER NOT NULL,
    "account_id" TEXT NOT NULL,
    "account_name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "outcome" TEXT NOT NULL);
CREATE INDEX "auditrow_at" ON "audit" ("at");
CREATE INDEX "auditrow_resource_id" ON "audit" ("resource_id");

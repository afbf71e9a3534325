-- Quotas. The holder is the account; a capacity of -1 has no limit. Machines in the recycle bin
-- do not count as machines, though their disks do; CPU and memory count while they are claimed.
INSERT INTO "ledger" SELECT "owner_id", 'quota.vm', -1, SUM("state" NOT IN ('destroyed', 'expunging')) FROM "vm" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.vm_running', -1, SUM("host_id" IS NOT NULL) FROM "vm" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.cpu', -1, SUM(IIF("host_id" IS NULL, 0, "cpu_count")) FROM "vm" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.memory', -1, SUM(IIF("host_id" IS NULL, 0, "memory_bytes")) FROM "vm" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.data_volume', -1, SUM("kind" <> 'root') FROM "volume" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.volume_bytes', -1, SUM("size_bytes") FROM "volume" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.image', -1, COUNT(*) FROM "image" GROUP BY 1;
INSERT INTO "ledger" SELECT "owner_id", 'quota.image_bytes', -1, SUM(IIF("size_bytes" > 0, "size_bytes", "expected_size_bytes")) FROM "image" GROUP BY 1;

CREATE TRIGGER "quota_vm_comes" AFTER INSERT ON "vm" BEGIN
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.vm', -1, NEW."state" NOT IN ('destroyed', 'expunging')),
        (NEW."owner_id", 'quota.vm_running', -1, NEW."host_id" IS NOT NULL),
        (NEW."owner_id", 'quota.cpu', -1, IIF(NEW."host_id" IS NULL, 0, NEW."cpu_count")),
        (NEW."owner_id", 'quota.memory', -1, IIF(NEW."host_id" IS NULL, 0, NEW."memory_bytes"))
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "quota_vm_goes" AFTER DELETE ON "vm" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - CASE "unit"
            WHEN 'quota.vm' THEN OLD."state" NOT IN ('destroyed', 'expunging')
            WHEN 'quota.vm_running' THEN OLD."host_id" IS NOT NULL
            WHEN 'quota.cpu' THEN IIF(OLD."host_id" IS NULL, 0, OLD."cpu_count")
            ELSE IIF(OLD."host_id" IS NULL, 0, OLD."memory_bytes") END
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.vm', 'quota.vm_running', 'quota.cpu', 'quota.memory');
END;
CREATE TRIGGER "quota_vm_changes" AFTER UPDATE OF "owner_id", "state", "host_id", "cpu_count", "memory_bytes" ON "vm"
    WHEN OLD."owner_id" <> NEW."owner_id" OR (OLD."host_id" IS NULL) <> (NEW."host_id" IS NULL)
        OR (OLD."state" IN ('destroyed', 'expunging')) <> (NEW."state" IN ('destroyed', 'expunging'))
        OR OLD."cpu_count" <> NEW."cpu_count" OR OLD."memory_bytes" <> NEW."memory_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - CASE "unit"
            WHEN 'quota.vm' THEN OLD."state" NOT IN ('destroyed', 'expunging')
            WHEN 'quota.vm_running' THEN OLD."host_id" IS NOT NULL
            WHEN 'quota.cpu' THEN IIF(OLD."host_id" IS NULL, 0, OLD."cpu_count")
            ELSE IIF(OLD."host_id" IS NULL, 0, OLD."memory_bytes") END
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.vm', 'quota.vm_running', 'quota.cpu', 'quota.memory');
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.vm', -1, NEW."state" NOT IN ('destroyed', 'expunging')),
        (NEW."owner_id", 'quota.vm_running', -1, NEW."host_id" IS NOT NULL),
        (NEW."owner_id", 'quota.cpu', -1, IIF(NEW."host_id" IS NULL, 0, NEW."cpu_count")),
        (NEW."owner_id", 'quota.memory', -1, IIF(NEW."host_id" IS NULL, 0, NEW."memory_bytes"))
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;

CREATE TRIGGER "quota_volume_comes" AFTER INSERT ON "volume" BEGIN
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.data_volume', -1, NEW."kind" <> 'root'),
        (NEW."owner_id", 'quota.volume_bytes', -1, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "quota_volume_goes" AFTER DELETE ON "volume" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - IIF("unit" = 'quota.data_volume', OLD."kind" <> 'root', OLD."size_bytes")
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.data_volume', 'quota.volume_bytes');
END;
CREATE TRIGGER "quota_volume_changes" AFTER UPDATE OF "owner_id", "kind", "size_bytes" ON "volume"
    WHEN OLD."owner_id" <> NEW."owner_id" OR OLD."kind" <> NEW."kind" OR OLD."size_bytes" <> NEW."size_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - IIF("unit" = 'quota.data_volume', OLD."kind" <> 'root', OLD."size_bytes")
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.data_volume', 'quota.volume_bytes');
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.data_volume', -1, NEW."kind" <> 'root'),
        (NEW."owner_id", 'quota.volume_bytes', -1, NEW."size_bytes")
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;

-- Until an image is there, it counts with the size that was announced.
CREATE TRIGGER "quota_image_comes" AFTER INSERT ON "image" BEGIN
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.image', -1, 1),
        (NEW."owner_id", 'quota.image_bytes', -1, IIF(NEW."size_bytes" > 0, NEW."size_bytes", NEW."expected_size_bytes"))
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;
CREATE TRIGGER "quota_image_goes" AFTER DELETE ON "image" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - IIF("unit" = 'quota.image', 1,
            IIF(OLD."size_bytes" > 0, OLD."size_bytes", OLD."expected_size_bytes"))
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.image', 'quota.image_bytes');
END;
CREATE TRIGGER "quota_image_changes" AFTER UPDATE OF "owner_id", "size_bytes", "expected_size_bytes" ON "image"
    WHEN OLD."owner_id" <> NEW."owner_id" OR OLD."size_bytes" <> NEW."size_bytes"
        OR OLD."expected_size_bytes" <> NEW."expected_size_bytes" BEGIN
    UPDATE "ledger" SET "claimed" = "claimed" - IIF("unit" = 'quota.image', 1,
            IIF(OLD."size_bytes" > 0, OLD."size_bytes", OLD."expected_size_bytes"))
        WHERE "holder" = OLD."owner_id" AND "unit" IN ('quota.image', 'quota.image_bytes');
    INSERT INTO "ledger" VALUES
        (NEW."owner_id", 'quota.image', -1, 1),
        (NEW."owner_id", 'quota.image_bytes', -1, IIF(NEW."size_bytes" > 0, NEW."size_bytes", NEW."expected_size_bytes"))
        ON CONFLICT ("holder", "unit") DO UPDATE SET "claimed" = "claimed" + excluded."claimed";
END;

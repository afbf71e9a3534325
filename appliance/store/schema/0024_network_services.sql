-- What networks do for their machines, and who does it: so far the hosts themselves.
CREATE TABLE "network_service" (
    "network_id" TEXT NOT NULL REFERENCES "network" ("id") ON DELETE CASCADE,
    "service" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    PRIMARY KEY ("network_id", "service")) WITHOUT ROWID;
INSERT INTO "network_service" SELECT n."id", s."value", 'host'
    FROM "network" n JOIN json_each('["dhcp","dns","metadata","snat","elastic_ip","security_group"]') s
    WHERE n."kind" = 'nat' OR s."value" NOT IN ('snat', 'elastic_ip');

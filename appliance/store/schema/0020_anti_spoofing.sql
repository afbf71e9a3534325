-- A NIC may be let go from anti-spoofing: for routers, balancers and clustered addresses.
ALTER TABLE "nic" ADD COLUMN "anti_spoofing" INTEGER NOT NULL DEFAULT 1;

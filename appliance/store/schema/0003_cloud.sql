-- Zones, clusters, hosts, storages, images, networks, virtual machines, the set-up.
CREATE TABLE "zone" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE TABLE "cluster" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "zone_id" TEXT NOT NULL,
    "hypervisor" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("zone_id") REFERENCES "zone" ("id") ON DELETE RESTRICT);
CREATE INDEX "clusterrow_zone_id" ON "cluster" ("zone_id");
CREATE TABLE "agent" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "hostname" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "is_local" INTEGER NOT NULL,
    "certificate_sha256" TEXT NOT NULL,
    "facts" TEXT NOT NULL,
    "enrolled_at" INTEGER NOT NULL);
CREATE TABLE "host" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "agent_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "cpu_ratio" REAL NOT NULL,
    "memory_reserved_bytes" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("agent_id") REFERENCES "agent" ("id") ON DELETE RESTRICT, FOREIGN KEY ("cluster_id") REFERENCES "cluster" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "hostrow_agent_id" ON "host" ("agent_id");
CREATE INDEX "hostrow_cluster_id" ON "host" ("cluster_id");
CREATE TABLE "join_token" (
    "secret_sha256" TEXT NOT NULL PRIMARY KEY,
    "is_local" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL);
CREATE TABLE "image_store" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "zone_id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "total_bytes" INTEGER NOT NULL,
    "available_bytes" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("zone_id") REFERENCES "zone" ("id") ON DELETE RESTRICT, FOREIGN KEY ("host_id") REFERENCES "host" ("id") ON DELETE RESTRICT);
CREATE INDEX "imagestorerow_zone_id" ON "image_store" ("zone_id");
CREATE INDEX "imagestorerow_host_id" ON "image_store" ("host_id");
CREATE TABLE "primary_storage" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "total_bytes" INTEGER NOT NULL,
    "available_bytes" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("cluster_id") REFERENCES "cluster" ("id") ON DELETE RESTRICT);
CREATE INDEX "primarystoragerow_cluster_id" ON "primary_storage" ("cluster_id");
CREATE TABLE "volume" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "vm_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "image_id" TEXT NOT NULL,
    "primary_storage_id" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("primary_storage_id") REFERENCES "primary_storage" ("id") ON DELETE RESTRICT);
CREATE INDEX "volumerow_vm_id" ON "volume" ("vm_id");
CREATE INDEX "volumerow_image_id" ON "volume" ("image_id");
CREATE INDEX "volumerow_primary_storage_id" ON "volume" ("primary_storage_id");
CREATE INDEX "volumerow_host_id" ON "volume" ("host_id");
CREATE TABLE "image" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "image_store_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "expected_size_bytes" INTEGER NOT NULL,
    "expected_sha256" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "virtual_size_bytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("image_store_id") REFERENCES "image_store" ("id") ON DELETE RESTRICT);
CREATE INDEX "imagerow_image_store_id" ON "image" ("image_store_id");
CREATE TABLE "instance_offering" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "cpu_count" INTEGER NOT NULL,
    "memory_bytes" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL);
CREATE TABLE "network" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "physical_interface" TEXT NOT NULL,
    "cidr" TEXT NOT NULL,
    "gateway" TEXT NOT NULL,
    "dns" TEXT NOT NULL,
    "domain" TEXT NOT NULL,
    "mtu" INTEGER NOT NULL,
    "dhcp_address" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "is_deleting" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL, FOREIGN KEY ("cluster_id") REFERENCES "cluster" ("id") ON DELETE RESTRICT);
CREATE INDEX "networkrow_cluster_id" ON "network" ("cluster_id");
CREATE TABLE "address_range" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "network_id" TEXT NOT NULL,
    "first" INTEGER NOT NULL,
    "last" INTEGER NOT NULL, FOREIGN KEY ("network_id") REFERENCES "network" ("id") ON DELETE CASCADE);
CREATE INDEX "rangerow_network_id" ON "address_range" ("network_id");
CREATE TABLE "nic" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "vm_id" TEXT NOT NULL,
    "network_id" TEXT NOT NULL,
    "mac" TEXT NOT NULL,
    "address" INTEGER NOT NULL,
    "position" INTEGER NOT NULL, FOREIGN KEY ("network_id") REFERENCES "network" ("id") ON DELETE RESTRICT);
CREATE INDEX "nicrow_vm_id" ON "nic" ("vm_id");
CREATE INDEX "nicrow_network_id" ON "nic" ("network_id");
CREATE UNIQUE INDEX "nicrow_mac" ON "nic" ("mac");
CREATE UNIQUE INDEX "nicrow_network_id_address" ON "nic" ("network_id", "address");
CREATE TABLE "vm" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "host_id" TEXT,
    "last_host_id" TEXT,
    "image_id" TEXT NOT NULL,
    "offering_id" TEXT,
    "cpu_count" INTEGER NOT NULL,
    "memory_bytes" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "state_reason" TEXT NOT NULL,
    "ssh_public_key" TEXT NOT NULL,
    "user_data" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "accelerator" TEXT NOT NULL,
    "resume" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    "started_at" INTEGER,
    "destroyed_at" INTEGER, FOREIGN KEY ("cluster_id") REFERENCES "cluster" ("id") ON DELETE RESTRICT);
CREATE INDEX "vmrow_cluster_id" ON "vm" ("cluster_id");
CREATE INDEX "vmrow_host_id" ON "vm" ("host_id");
CREATE INDEX "vmrow_image_id" ON "vm" ("image_id");
CREATE INDEX "vmrow_state" ON "vm" ("state");
CREATE INDEX "vmrow_owner_id" ON "vm" ("owner_id");
CREATE INDEX "vmrow_created_at" ON "vm" ("created_at");
CREATE TABLE "setup_step" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "position" INTEGER NOT NULL,
    "resource_id" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "edited" INTEGER NOT NULL);

INSERT INTO zone (id, name, description, state, created_at) VALUES ('z', 'zone-1', '', 'enabled', 1000);
INSERT INTO cluster (id, name, description, zone_id, hypervisor, state, created_at) VALUES ('c', 'cluster-1', '', 'z', 'kvm', 'enabled', 1000);
INSERT INTO agent (id, hostname, address, is_local, certificate_sha256, facts, enrolled_at)
    VALUES ('h', 'node-1', '192.0.2.10', 1, 'sha', '{"hostname":"node-1","cpu_count":4,"memory_bytes":8589934592}', 1000);
INSERT INTO host (id, agent_id, name, description, cluster_id, state, cpu_ratio, memory_reserved_bytes, created_at)
    VALUES ('h', 'h', 'node-1', '', 'c', 'enabled', 2.0, 1073741824, 1000);
INSERT INTO join_token (secret_sha256, is_local, expires_at) VALUES ('k', 0, 9000);
INSERT INTO image_store (id, name, description, zone_id, host_id, path, state, total_bytes, available_bytes, created_at)
    VALUES ('is', 'image-store-1', '', 'z', 'h', '/images', 'enabled', 900, 800, 1000);
INSERT INTO primary_storage (id, name, description, cluster_id, kind, path, state, total_bytes, available_bytes, created_at)
    VALUES ('ps', 'primary-1', '', 'c', 'local', '/disks', 'enabled', 107374182400, 96636764160, 1000);
INSERT INTO image (id, name, description, image_store_id, source, url, platform, format, status, state, expected_size_bytes, expected_sha256, size_bytes, virtual_size_bytes, sha256, created_at)
    VALUES ('i', 'starter', '', 'is', 'url', '', 'linux', 'qcow2', 'ready', 'enabled', 0, '', 700, 900, 'sha', 1000);
INSERT INTO instance_offering (id, name, description, cpu_count, memory_bytes, state, created_at) VALUES ('o', 'small', '', 1, 268435456, 'enabled', 1000);
INSERT INTO network (id, name, description, cluster_id, kind, physical_interface, cidr, gateway, dns, domain, mtu, dhcp_address, state, is_deleting, created_at)
    VALUES ('n', 'private', '', 'c', 'nat', '', '10.0.0.0/24', '10.0.0.1', '["192.0.2.53"]', 'cloud.example', 1500, '10.0.0.2', 'enabled', 0, 1000),
           ('p', 'office', '', 'c', 'physical', 'eth0', '192.0.2.0/24', '192.0.2.1', '[]', '', 1500, '192.0.2.250', 'enabled', 0, 1100);
INSERT INTO address_range (id, network_id, first, last) VALUES ('r', 'n', 167772170, 167772190), ('rp', 'p', 3221226184, 3221226234);
INSERT INTO vm (id, name, description, cluster_id, host_id, last_host_id, image_id, offering_id, cpu_count, memory_bytes, state, state_reason, ssh_public_key, user_data, owner_id, accelerator, resume, created_at, started_at, destroyed_at)
    VALUES ('v-on', 'web', '', 'c', 'h', 'h', 'i', 'o', 2, 536870912, 'running', '', '', '', 't', 'tcg', 0, 1000, 2000, NULL),
           ('v-off', 'batch', '', 'c', NULL, 'h', 'i', NULL, 1, 268435456, 'stopped', '', '', '', 'a', '', 0, 1100, NULL, NULL),
           ('v-bin', 'old', '', 'c', NULL, 'h', 'i', NULL, 1, 268435456, 'destroyed', '', '', '', 't', '', 0, 1200, NULL, 3000);
INSERT INTO volume (id, vm_id, kind, image_id, primary_storage_id, host_id, size_bytes, status, created_at)
    VALUES ('d-on', 'v-on', 'root', 'i', 'ps', 'h', 1073741824, 'ready', 1000),
           ('d-off', 'v-off', 'root', 'i', 'ps', 'h', 1073741824, 'ready', 1100),
           ('d-bin', 'v-bin', 'root', 'i', 'ps', 'h', 2147483648, 'ready', 1200);
INSERT INTO nic (id, vm_id, network_id, mac, address, position)
    VALUES ('x-on', 'v-on', 'n', '0a:00:00:00:00:01', 167772170, 0), ('x-off', 'v-off', 'n', '0a:00:00:00:00:02', 167772172, 0),
           ('x-bin', 'v-bin', 'n', '0a:00:00:00:00:03', 167772173, 0);
INSERT INTO setup_step (name, position, resource_id, request, edited) VALUES ('zone', 0, 'z', '{"name":"zone-1"}', 1);

INSERT INTO elastic_ip (id, name, description, network_id, address, nic_id, owner_id, created_at) VALUES ('e', 'shop', '', 'p', 3221226185, 'x-on', 't', 1000);

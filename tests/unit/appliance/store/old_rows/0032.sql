INSERT INTO vm_guest (vm_id, hostname, cloud_init) SELECT id, 'web', 'seed' FROM vm LIMIT 1;

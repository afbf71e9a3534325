INSERT INTO vm_recovery (vm_id, on_host_boot) SELECT id, 'leave_off' FROM vm LIMIT 1;
INSERT INTO vm_owed (vm_id, host_id, cause, boot_id) SELECT id, 'host', 'boot', 'first' FROM vm LIMIT 1;

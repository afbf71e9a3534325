INSERT INTO vm_migration (vm_id, host_id, cpu_count, memory_bytes, job_id) VALUES ('v-on', 'h', 2, 536870912, 'j-moving');
INSERT INTO volume_copy (volume_id, primary_storage_id, host_id, size_bytes, job_id) VALUES ('d-on', 'ps', 'h', 1073741824, 'j-moving');

INSERT INTO job (number, id, operation, state, queue, resource_kind, resource_id, resource_name, account_id, reason, data, steps, created_at, started_at, finished_at)
    VALUES (9, 'j-attaches', 'volume.attach', 'queued', 'vm:v-on', 'volume', 'd-data', 'data', 'a', '',
        '{"host_id":"h","disk":{"volume":{"volume_id":"d-data","primary_path":"/disks"},"bus":"virtio","position":1,"serial":"s","limits":{}}}', '[]', 1300, NULL, NULL);
INSERT INTO cleanup (id, job_id, step, attempts, next_at, error, data)
    VALUES ('u-deletes', 'j-ended', 'delete_disk', 3, 9000, NULL,
        '{"host_id":"h","volume":{"volume_id":"d-gone","primary_path":"/disks"}}');

INSERT INTO feed (seq, kind, ref, action, data, at) VALUES (1, 'zone', 'z', 'update', '{"id":"z"}', 1000);
INSERT INTO job (number, id, operation, state, queue, resource_kind, resource_id, resource_name, account_id, reason, data, steps, created_at, started_at, finished_at)
    VALUES (1, 'j-ended', 'vm.create', 'succeeded', 'vm:v-on', 'vm', 'v-on', 'web', 'a', '', '{}', '[]', 1000, 1100, 1200),
           (2, 'j-waits', 'vm.start', 'queued', 'vm:v-off', 'vm', 'v-off', 'batch', 'a', '', '{}', '[]', 1300, NULL, NULL);
INSERT INTO cleanup (id, job_id, step, attempts, next_at, error) VALUES ('u', 'j-ended', 'create_disk', 3, 9000, 'no way to the host');

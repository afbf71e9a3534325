INSERT INTO job_log (number, job_id, at, level, code, params) VALUES (1, 'j-ended', 1100, 'info', 'step', '{}');
INSERT INTO idempotency (account_id, "key", fingerprint, status, body, created_at) VALUES ('a', 'once', 'f', 202, x'7b7d', 1000);

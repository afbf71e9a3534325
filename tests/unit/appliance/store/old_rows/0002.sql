INSERT INTO account (id, name, description, kind, password_hash, created_at)
    VALUES ('a', 'admin', '', 'administrator', 'hash', 1000), ('t', 'acme', 'a tenant', 'tenant', 'hash', 1100);
INSERT INTO session (token_sha256, account_id, address, created_at, expires_at) VALUES ('s', 'a', '192.0.2.1', 1000, 9000);
INSERT INTO setup_code (id, code_hash) VALUES (1, 'hash');
INSERT INTO audit (id, at, account_id, account_name, address, operation, resource_id, outcome)
    VALUES ('n', 1000, 'a', 'admin', '192.0.2.1', 'zone.create', 'z', 'ok');

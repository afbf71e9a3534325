INSERT INTO user (id, account_id, name, description, password_hash, state, created_at) VALUES ('b', 't', 'bob', '', 'hash', 'enabled', 1000);
INSERT INTO user_group (id, account_id, name, description, created_at) VALUES ('g', 't', 'operators', '', 1000);
INSERT INTO group_member (id, group_id, user_id) VALUES (1, 'g', 'b');
INSERT INTO role (id, account_id, name, description, statements, created_at)
    VALUES ('ro', 't', 'start and stop', '', '[{"effect":"allow","operations":["vm.start","vm.stop"]}]', 1000);
INSERT INTO role_attachment (id, role_id, subject_id) VALUES (1, 'ro', 'g');
INSERT INTO api_token (id, account_id, user_id, name, description, token_sha256, scopes, expires_at, last_used_at, created_at)
    VALUES ('to', 't', 'b', 'backup', '', 'sha', '["vm.*"]', NULL, NULL, 1000);
INSERT INTO share (id, kind, resource_id, account_id, owner_id, created_at) VALUES ('sh', 'network', 'n', 't', 'a', 1000);

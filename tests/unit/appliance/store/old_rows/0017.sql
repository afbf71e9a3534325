INSERT INTO security_group (id, name, description, is_default, owner_id, created_at) VALUES ('sg', 'web', '', 0, 't', 1000), ('sd', 'default', '', 1, 't', 1000);
INSERT INTO security_rule (id, security_group_id, direction, action, priority, protocol, port_first, port_last, icmp_type, icmp_code, cidr, peer_group_id, description, is_enabled, owner_id, created_at)
    VALUES ('sr', 'sg', 'in', 'allow', 100, 'tcp', 443, 443, NULL, NULL, '', 'sd', '', 1, 't', 1000);
INSERT INTO nic_security_group (nic_id, security_group_id) VALUES ('x-on', 'sg');

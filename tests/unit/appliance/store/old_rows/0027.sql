UPDATE network SET ipv6_mode = 'dhcp', ipv6_cidr = 'fd00:1::/64', ipv6_gateway = 'fd00:1::1',
    ipv6_service_address = 'fd00:1::2' WHERE id = 'n';
INSERT INTO ipv6_range (id, network_id, first, last, next)
    VALUES ('r6', 'n', 'fd00:1::100', 'fd00:1::1ff', 'fd00:1::101');
UPDATE nic SET ipv6_address = 'fd00:1::100' WHERE id = 'x-on';

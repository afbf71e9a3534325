INSERT INTO vxlan_pool (id, name, description, zone_id, vni_first, vni_last, underlay_cidr, underlay_first, underlay_last, created_at)
    VALUES ('vp', 'overlay', '', 'z', 5000, 5999, '192.0.2.0/24', 3221225984, 3221226239, 1000);
INSERT INTO network (id, name, description, cluster_id, kind, physical_interface, vlan_id, vxlan_pool_id, vni, cidr, gateway, dns, domain, mtu, dhcp_address, state, is_deleting, created_at)
    VALUES ('vx', 'everywhere', '', 'c', 'vxlan', '', NULL, 'vp', 5000, '10.8.0.0/24', '10.8.0.1', '[]', '', 1450, '10.8.0.2', 'enabled', 0, 1200),
           ('vl', 'tagged', '', 'c', 'vlan', 'eth0', 120, NULL, NULL, '10.9.0.0/24', '10.9.0.1', '[]', '', 1500, '10.9.0.254', 'enabled', 0, 1200);
INSERT INTO agent_address (agent_id, address, interface, mtu) SELECT id, 3221225985, 'eth0', 1500 FROM agent LIMIT 1;

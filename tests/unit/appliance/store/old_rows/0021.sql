INSERT INTO reserved_range (id, network_id, first, last) VALUES ('rr', 'n', 167772180, 167772182);
INSERT INTO address_released (network_id, address) VALUES ('n', 167772171);

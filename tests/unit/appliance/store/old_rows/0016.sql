INSERT INTO management_node (id, name, status, epoch, beat, started_at, seen_at) VALUES ('mn', 'node-1', 'up', 3, 7, 1000, 1100);

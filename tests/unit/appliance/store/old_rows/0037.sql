INSERT INTO snapshot (id, name, description, volume_id, parent_id, node, group_id, size_bytes, used_bytes, is_quiesced, status, place_id, owner_id, created_at)
    SELECT 's-first', 'before the update', '', 'd-off', NULL, '', 'g', 1073741824, 4096, 1, 'ready', 'ps:h', owner_id, 1500 FROM volume WHERE id = 'd-off';
UPDATE volume SET head = 's-first', snapshot_id = 's-first' WHERE id = 'd-off';

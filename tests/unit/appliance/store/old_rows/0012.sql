INSERT INTO affinity_group (id, name, description, policy, is_required, owner_id, created_at) VALUES ('af', 'apart', '', 'anti_affinity', 1, 't', 1000);
UPDATE vm SET affinity_group_id = 'af' WHERE id = 'v-on';

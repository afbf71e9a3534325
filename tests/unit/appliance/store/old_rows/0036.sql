INSERT INTO vm_hardware VALUES
    ('v-on', '{"firmware":"uefi","tpm":true,"max_cpu_count":8}', '{"firmware":"bios"}'),
    ('v-off', '{"cpu_mode":"custom","cpu_model":"Haswell"}', NULL);
INSERT INTO cluster_cpu VALUES ('c', 'baseline', '', '{"model":"Haswell","features":{"aes":true,"hle":false}}', 'sha');

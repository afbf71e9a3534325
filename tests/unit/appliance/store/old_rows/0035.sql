INSERT INTO vm_cd (vm_id, slot, image_id, job_id, is_leaving) SELECT id, 1, image_id, NULL, 0 FROM vm LIMIT 1;

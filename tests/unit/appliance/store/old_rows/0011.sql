INSERT INTO setting (name, value, changed_at) VALUES ('vm.deletion_policy', '"delay"', 1000);

INSERT INTO storage_host VALUES ('ps', 'h', 'broken', 'storage.hangs', 'no answer', 1000);

-- A fifth list (4): cases whose execution ended so that a person must look. The counters follow
-- every list by its number.
INSERT INTO case_count VALUES (4, 0);

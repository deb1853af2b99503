-- Compaction of the relay: packs that were made for a snapshot which is not committed yet, and
-- blobs that the relay is to let go of once the snapshot's floor is in force.

CREATE TABLE packs_made (
    digest BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs_to_drop (
    digest BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What is delivered is told by narrow rows: a mark must not write sealed bytes again.

CREATE TABLE delivery (
    -- The first record that the relay has not; records count from 0.
    next_record INTEGER NOT NULL
) STRICT;
INSERT INTO delivery
    SELECT coalesce((SELECT min(writer_seq) FROM outbox WHERE delivered = 0),
                    (SELECT max(writer_seq) + 1 FROM outbox), 0);
DROP INDEX outbox_waiting;
ALTER TABLE outbox DROP COLUMN delivered;

CREATE TABLE blobs_to_deliver (
    digest     BLOB PRIMARY KEY,
    size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO blobs_to_deliver SELECT digest, length(bytes) FROM blobs WHERE delivered = 0;
DROP INDEX blobs_waiting;
ALTER TABLE blobs DROP COLUMN delivered;

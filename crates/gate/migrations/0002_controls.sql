-- Control statements (stop, resume, reading a prompt) that arrived, and the ids that
-- verified ones have spent. Whether work is stopped follows from the log alone.

CREATE TABLE controls (
    envelope       BLOB PRIMARY KEY,
    received_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE control_ids (
    person  TEXT NOT NULL,
    control TEXT NOT NULL,
    PRIMARY KEY (person, control)
) STRICT, WITHOUT ROWID;

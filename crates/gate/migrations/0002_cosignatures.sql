-- What desktops say of the log: the newest checkpoint that each has verified and cosigned,
-- and the newest that does not fit this log, kept as evidence.

CREATE TABLE cosignatures (
    device         TEXT PRIMARY KEY,
    size           INTEGER NOT NULL,
    note           TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cosigned_forks (
    device         TEXT PRIMARY KEY,
    times          INTEGER NOT NULL,
    size           INTEGER NOT NULL,
    note           TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What others wrote and this device set aside: a few rows for each writer, so that somebody
-- can look into it, and how many there were in all.
CREATE TABLE quarantine (
    number   INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    writer   TEXT NOT NULL,
    digest   BLOB NOT NULL,
    why      TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
);
CREATE INDEX quarantine_of_writer ON quarantine (writer, position);
CREATE TABLE quarantine_count (
    writer  TEXT PRIMARY KEY,
    records INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- What each device has filed in each case, so that it alone runs out of room. `last_seq` is
-- the last of its records that was counted: one that comes again costs nothing.
CREATE TABLE filed (
    proposal  TEXT NOT NULL,
    writer    TEXT NOT NULL,
    envelopes INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    PRIMARY KEY (proposal, writer)
) WITHOUT ROWID;
-- Cases that a device has written about and the gate has not opened here.
CREATE TABLE unopened (
    proposal TEXT NOT NULL,
    writer   TEXT NOT NULL,
    PRIMARY KEY (proposal, writer)
) WITHOUT ROWID;

-- Envelopes that nobody known here has signed: a later roster, or the case itself, may tell.
CREATE TABLE waiting_envelopes (
    proposal TEXT NOT NULL,
    digest   BLOB NOT NULL,
    writer   TEXT NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (proposal, digest)
) WITHOUT ROWID;

-- The device that a fault is about; none if it is about the workspace.
ALTER TABLE faults ADD COLUMN about TEXT;

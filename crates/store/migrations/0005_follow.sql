-- What follows from the log, as the judge keeps it, so that a new entry costs no more than
-- itself. All of it can be made again from the log and what it refers to.
CREATE TABLE followed_cases (
    proposal  TEXT PRIMARY KEY,
    -- What is written if the case is executed; none once it is settled.
    unsettled TEXT,
    state     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX followed_cases_unsettled ON followed_cases (unsettled, proposal)
    WHERE unsettled IS NOT NULL;
CREATE TABLE followed_timers (
    due_ms   INTEGER NOT NULL,
    proposal TEXT NOT NULL,
    PRIMARY KEY (due_ms, proposal)
) WITHOUT ROWID;
CREATE TABLE followed_marks (
    mark TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE followed_targets (
    target   TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE followed_increases (
    target   TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    proposal TEXT NOT NULL,
    micros   INTEGER NOT NULL,
    PRIMARY KEY (target, at_ms, proposal)
) WITHOUT ROWID;
CREATE TABLE followed_wrong_factors (
    number INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    at_ms  INTEGER NOT NULL
);
CREATE INDEX followed_wrong_factors_of ON followed_wrong_factors (person, at_ms);
-- Entries that do not follow from what was signed: the first about each case, and some of
-- those about none.
CREATE TABLE followed_faults (
    seq      INTEGER PRIMARY KEY,
    proposal TEXT,
    -- 0: it says what was not signed; 1: something is missing.
    missing  INTEGER NOT NULL,
    words    TEXT NOT NULL
);
CREATE UNIQUE INDEX followed_faults_of ON followed_faults (proposal) WHERE proposal IS NOT NULL;

-- Bytes that the log may refer to by their digest and that no other table keeps.
CREATE TABLE sources (
    digest BLOB PRIMARY KEY,
    bytes  BLOB NOT NULL
) WITHOUT ROWID;

-- The first shape of the store. A migration, once released, is never edited.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE roster (
    version  INTEGER PRIMARY KEY,
    envelope BLOB NOT NULL
);

-- Projections: what lists, counts and search read. `summary` is the client's own form.
CREATE TABLE cases (
    number        INTEGER PRIMARY KEY,
    proposal      TEXT NOT NULL UNIQUE,
    shelf         INTEGER NOT NULL,
    rank          INTEGER NOT NULL,
    entity        TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    summary       BLOB NOT NULL,
    words         TEXT NOT NULL
);
CREATE INDEX cases_on_shelf ON cases (shelf, rank, number);
CREATE INDEX cases_in_order ON cases (rank, number);
CREATE INDEX cases_of_entity ON cases (entity, shelf);

-- Counters are kept, never counted: a COUNT per keystroke falls off a cliff at a million rows.
CREATE TABLE case_count (
    shelf INTEGER PRIMARY KEY,
    cases INTEGER NOT NULL
);
INSERT INTO case_count VALUES (0, 0), (1, 0), (2, 0);
CREATE TRIGGER case_counted AFTER INSERT ON cases BEGIN
    UPDATE case_count SET cases = cases + 1 WHERE shelf = new.shelf;
END;
CREATE TRIGGER case_uncounted AFTER DELETE ON cases BEGIN
    UPDATE case_count SET cases = cases - 1 WHERE shelf = old.shelf;
END;
CREATE TRIGGER case_moved AFTER UPDATE OF shelf ON cases WHEN old.shelf <> new.shelf BEGIN
    UPDATE case_count SET cases = cases - 1 WHERE shelf = old.shelf;
    UPDATE case_count SET cases = cases + 1 WHERE shelf = new.shelf;
END;

CREATE VIRTUAL TABLE case_words USING fts5 (
    words, content = 'cases', content_rowid = 'number',
    prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER case_indexed AFTER INSERT ON cases BEGIN
    INSERT INTO case_words (rowid, words) VALUES (new.number, new.words);
END;
CREATE TRIGGER case_unindexed AFTER DELETE ON cases BEGIN
    INSERT INTO case_words (case_words, rowid, words) VALUES ('delete', old.number, old.words);
END;
CREATE TRIGGER case_reindexed AFTER UPDATE OF words ON cases WHEN old.words <> new.words BEGIN
    INSERT INTO case_words (case_words, rowid, words) VALUES ('delete', old.number, old.words);
    INSERT INTO case_words (rowid, words) VALUES (new.number, new.words);
END;

-- Signed decisions, also those of others. A signed decision is never deleted or rewritten.
CREATE TABLE decisions (
    number          INTEGER PRIMARY KEY,
    digest          BLOB NOT NULL UNIQUE,
    id              TEXT NOT NULL,
    proposal        TEXT NOT NULL,
    envelope        BLOB NOT NULL,
    envelope_digest BLOB NOT NULL,
    mine            INTEGER NOT NULL,
    stage           INTEGER NOT NULL,
    refusal         TEXT,
    stored_at_ms    INTEGER NOT NULL
);
CREATE INDEX decisions_of_case ON decisions (proposal, number);
CREATE UNIQUE INDEX my_decision_ids ON decisions (id) WHERE mine = 1;
CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'a signed decision is never deleted');
END;
CREATE TRIGGER decisions_hold BEFORE UPDATE OF digest, id, proposal, envelope, envelope_digest, mine
ON decisions BEGIN
    SELECT RAISE(ABORT, 'a signed decision is never rewritten');
END;

-- Sealed records of this device, in order. Kept after delivery so that a lost relay can be refilled.
CREATE TABLE outbox (
    writer_seq    INTEGER PRIMARY KEY,
    record        BLOB NOT NULL,
    record_digest BLOB NOT NULL,
    decision      BLOB REFERENCES decisions (digest),
    position      INTEGER
);
CREATE INDEX outbox_unsent ON outbox (writer_seq) WHERE position IS NULL;
CREATE TRIGGER outbox_stays BEFORE DELETE ON outbox BEGIN
    SELECT RAISE(ABORT, 'a sealed record is never deleted');
END;

CREATE TABLE documents (
    proposal TEXT PRIMARY KEY,
    bytes    BLOB NOT NULL
) WITHOUT ROWID;

-- The gate's own envelopes of a case, verified once and kept: nobody can write over them.
CREATE TABLE gate_envelopes (
    proposal TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    PRIMARY KEY (proposal, kind)
) WITHOUT ROWID;

-- The replicated audit log: Merkle hashes by stored-hash index, entries by position.
CREATE TABLE log_hash (
    number INTEGER PRIMARY KEY,
    hash   BLOB NOT NULL
);
CREATE TABLE log_entry (
    seq      INTEGER PRIMARY KEY,
    proposal TEXT,
    bytes    BLOB NOT NULL
);
CREATE INDEX log_entries_of_case ON log_entry (proposal, seq);
CREATE TABLE log_head (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    size           INTEGER NOT NULL,
    root           BLOB NOT NULL,
    note           TEXT NOT NULL,
    verified_at_ms INTEGER NOT NULL,
    gate_clock_ms  INTEGER NOT NULL
);

-- Evidence by the digest of its plain bytes (the file itself is encrypted), and what is still wanted.
CREATE TABLE evidence (
    digest BLOB PRIMARY KEY,
    bytes  BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE evidence_wanted (
    digest     BLOB PRIMARY KEY,
    blob       BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    proposal   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sync_state (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    cursor          INTEGER NOT NULL,
    reader          BLOB NOT NULL,
    last_contact_ms INTEGER
);

-- What the sync found wrong. A fault stays until what was wrong is right again.
CREATE TABLE faults (
    number       INTEGER PRIMARY KEY,
    at_ms        INTEGER NOT NULL,
    code         TEXT NOT NULL,
    message      TEXT NOT NULL,
    healed_at_ms INTEGER
);

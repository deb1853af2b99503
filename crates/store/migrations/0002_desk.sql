-- What the approver's desk needs: views, filters, snoozes, held decisions, comments, the
-- evidence budget. Rows of before are kept; the client writes every projection anew.

-- Narrow rows: whatever orders, counts or filters. `shelf` is the list a case stands on,
-- with 3 for what its owner has put away; `open` says that people can still decide.
ALTER TABLE cases RENAME TO cases_before;
CREATE TABLE cases (
    number           INTEGER PRIMARY KEY,
    proposal         TEXT NOT NULL UNIQUE,
    shelf            INTEGER NOT NULL,
    rank             INTEGER NOT NULL,
    open             INTEGER NOT NULL,
    overridden       INTEGER NOT NULL,
    tier             INTEGER NOT NULL,
    kind             TEXT NOT NULL,
    entity           TEXT NOT NULL,
    currency         TEXT NOT NULL,
    before_micros    INTEGER NOT NULL,
    after_micros     INTEGER NOT NULL,
    change_ppm       INTEGER,
    created_at_ms    INTEGER NOT NULL,
    decide_by_ms     INTEGER NOT NULL,
    changed_at_ms    INTEGER NOT NULL,
    snooze_until_ms  INTEGER,
    batch_class      TEXT,
    executed_at_ms   INTEGER,
    executed_delta_micros INTEGER,
    evidence_wanted  INTEGER NOT NULL DEFAULT 0,
    evidence_here    INTEGER NOT NULL DEFAULT 0,
    CHECK ((shelf = 3) = (snooze_until_ms IS NOT NULL))
);
-- Wide rows: the client's own form of the list row, and what the search index was made from.
CREATE TABLE case_body (
    number      INTEGER PRIMARY KEY,
    summary     BLOB NOT NULL,
    text_digest BLOB
);
INSERT INTO cases
    (number, proposal, shelf, rank, open, overridden, tier, kind, entity, currency,
     before_micros, after_micros, created_at_ms, decide_by_ms, changed_at_ms)
SELECT number, proposal, shelf, rank, shelf < 2, 0, 0, '', entity, 'XXX', 0, 0,
    changed_at_ms, iif(shelf < 2, rank, changed_at_ms), changed_at_ms
FROM cases_before;
INSERT INTO case_body (number, summary) SELECT number, summary FROM cases_before;

-- Everything that search and filters find, newest first. Without content: the text is in
-- the case's document already. Every beginning of up to five letters has its own list, so
-- that a keystroke never merges thousands of them.
DROP TABLE case_words;
CREATE VIRTUAL TABLE case_words USING fts5 (
    entity, people, reason, rule, model, agent, rest,
    content = '', contentless_delete = 1, prefix = '1 2 3 4 5',
    tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO case_words (rowid, rest) SELECT number, words FROM cases_before;
DROP TABLE cases_before;

CREATE INDEX cases_on_shelf ON cases (shelf, rank, number);
CREATE INDEX cases_in_order ON cases (rank, number);
CREATE INDEX cases_open ON cases (decide_by_ms, number) WHERE open = 1;
CREATE INDEX cases_overridden ON cases (changed_at_ms, number) WHERE overridden = 1;
CREATE INDEX cases_snoozed ON cases (snooze_until_ms) WHERE snooze_until_ms IS NOT NULL;
-- What searches look up row by row: narrow enough to stay in memory.
CREATE INDEX cases_facets ON cases (number, shelf, open, overridden, tier, kind, currency,
    after_micros, created_at_ms, decide_by_ms);
CREATE INDEX cases_created ON cases (created_at_ms);
CREATE INDEX cases_of_entity ON cases (entity, open);
CREATE INDEX cases_settled_alike ON cases (entity, kind, changed_at_ms) WHERE shelf = 2;
CREATE INDEX cases_settled_near ON cases (kind, change_ppm, changed_at_ms DESC) WHERE shelf = 2;
CREATE INDEX cases_executed ON cases (entity, executed_at_ms) WHERE executed_at_ms IS NOT NULL;
CREATE INDEX cases_wanting ON cases (shelf, rank, number) WHERE evidence_wanted > 0;
CREATE INDEX cases_evictable ON cases (rank) WHERE shelf = 2 AND evidence_here > 0;

-- Counters: 0 to 3 are the shelves, 10 the overridden cases, 11 the open ones.
DROP TABLE case_count;
CREATE TABLE case_count (
    counter INTEGER PRIMARY KEY,
    cases   INTEGER NOT NULL
);
INSERT INTO case_count VALUES (0, 0), (1, 0), (2, 0), (3, 0), (10, 0), (11, 0);
UPDATE case_count SET cases = (SELECT count(*) FROM cases WHERE shelf = counter) WHERE counter < 10;
UPDATE case_count SET cases = (SELECT count(*) FROM cases WHERE open = 1) WHERE counter = 11;
CREATE TRIGGER case_counted AFTER INSERT ON cases BEGIN
    UPDATE case_count SET cases = cases + 1 WHERE counter = new.shelf;
    UPDATE case_count SET cases = cases + new.overridden WHERE counter = 10;
    UPDATE case_count SET cases = cases + new.open WHERE counter = 11;
END;
CREATE TRIGGER case_uncounted AFTER DELETE ON cases BEGIN
    UPDATE case_count SET cases = cases - 1 WHERE counter = old.shelf;
    UPDATE case_count SET cases = cases - old.overridden WHERE counter = 10;
    UPDATE case_count SET cases = cases - old.open WHERE counter = 11;
END;
CREATE TRIGGER case_moved AFTER UPDATE OF shelf ON cases WHEN old.shelf <> new.shelf BEGIN
    UPDATE case_count SET cases = cases - 1 WHERE counter = old.shelf;
    UPDATE case_count SET cases = cases + 1 WHERE counter = new.shelf;
END;
CREATE TRIGGER case_marked AFTER UPDATE OF overridden, open ON cases
WHEN old.overridden <> new.overridden OR old.open <> new.open BEGIN
    UPDATE case_count SET cases = cases + new.overridden - old.overridden WHERE counter = 10;
    UPDATE case_count SET cases = cases + new.open - old.open WHERE counter = 11;
END;

-- A decision is held on this device before it is sent (stage -1), and can be recalled while
-- it is (stage 9). The row stays: nothing signed is ever deleted.
ALTER TABLE decisions ADD COLUMN hold_until_ms INTEGER;
ALTER TABLE decisions ADD COLUMN recalled_at_ms INTEGER;
CREATE INDEX decisions_held ON decisions (hold_until_ms) WHERE stage = -1;

CREATE TABLE comments (
    number       INTEGER PRIMARY KEY,
    digest       BLOB NOT NULL UNIQUE,
    id           TEXT NOT NULL,
    proposal     TEXT NOT NULL,
    envelope     BLOB NOT NULL,
    mine         INTEGER NOT NULL,
    stage        INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL
);
CREATE INDEX comments_of_case ON comments (proposal, number);
CREATE UNIQUE INDEX my_comment_ids ON comments (id) WHERE mine = 1;
CREATE TRIGGER comments_stay BEFORE DELETE ON comments BEGIN
    SELECT RAISE(ABORT, 'a signed comment is never deleted');
END;
CREATE TRIGGER comments_hold BEFORE UPDATE OF digest, id, proposal, envelope, mine ON comments BEGIN
    SELECT RAISE(ABORT, 'a signed comment is never rewritten');
END;

-- Control statements: stop, resume, reading a prompt.
CREATE TABLE controls (
    number       INTEGER PRIMARY KEY,
    digest       BLOB NOT NULL UNIQUE,
    id           TEXT NOT NULL,
    envelope     BLOB NOT NULL,
    mine         INTEGER NOT NULL,
    stage        INTEGER NOT NULL,
    refusal      TEXT,
    stored_at_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX my_control_ids ON controls (id) WHERE mine = 1;
CREATE TRIGGER controls_stay BEFORE DELETE ON controls BEGIN
    SELECT RAISE(ABORT, 'a signed control statement is never deleted');
END;
CREATE TRIGGER controls_hold BEFORE UPDATE OF digest, id, envelope, mine ON controls BEGIN
    SELECT RAISE(ABORT, 'a signed control statement is never rewritten');
END;

-- A sealed record may carry a decision, a comment or a control statement.
ALTER TABLE outbox RENAME TO outbox_before;
CREATE TABLE outbox (
    writer_seq    INTEGER PRIMARY KEY,
    record        BLOB NOT NULL,
    record_digest BLOB NOT NULL,
    carries       BLOB,
    position      INTEGER
);
INSERT INTO outbox SELECT writer_seq, record, record_digest, decision, position FROM outbox_before;
DROP TABLE outbox_before;
CREATE INDEX outbox_unsent ON outbox (writer_seq) WHERE position IS NULL;
CREATE TRIGGER outbox_stays BEFORE DELETE ON outbox BEGIN
    SELECT RAISE(ABORT, 'a sealed record is never deleted');
END;

CREATE TABLE prompt_reads (
    proposal TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (proposal, at_ms)
) WITHOUT ROWID;

CREATE TABLE saved_filters (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    view   TEXT NOT NULL,
    search TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE policy_bundles (
    number       INTEGER PRIMARY KEY,
    digest       BLOB NOT NULL UNIQUE,
    bytes        BLOB NOT NULL,
    stored_at_ms INTEGER NOT NULL
);

-- The log by kind of entry.
ALTER TABLE log_entry ADD COLUMN action TEXT NOT NULL DEFAULT '';
UPDATE log_entry
SET action = coalesce(json_extract(CAST(bytes AS TEXT), '$.body.event.kind'), '')
WHERE json_valid(CAST(bytes AS TEXT));
CREATE INDEX log_entries_by_action ON log_entry (action, seq);

-- Which case refers to which evidence: 0 is wanted, 1 is here, 2 was evicted.
CREATE TABLE evidence_refs (
    proposal   TEXT NOT NULL,
    digest     BLOB NOT NULL,
    blob       BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    PRIMARY KEY (proposal, digest)
) WITHOUT ROWID;
CREATE INDEX evidence_refs_by_digest ON evidence_refs (digest);
CREATE TRIGGER evidence_referred AFTER INSERT ON evidence_refs BEGIN
    UPDATE cases SET
        evidence_wanted = evidence_wanted + (new.state = 0),
        evidence_here = evidence_here + (new.state = 1)
    WHERE proposal = new.proposal;
END;
CREATE TRIGGER evidence_moved AFTER UPDATE OF state ON evidence_refs
WHEN old.state <> new.state BEGIN
    UPDATE cases SET
        evidence_wanted = evidence_wanted + (new.state = 0) - (old.state = 0),
        evidence_here = evidence_here + (new.state = 1) - (old.state = 1)
    WHERE proposal = new.proposal;
END;
CREATE TRIGGER evidence_awaited AFTER INSERT ON cases BEGIN
    UPDATE cases SET
        evidence_wanted =
            (SELECT count(*) FROM evidence_refs WHERE proposal = new.proposal AND state = 0),
        evidence_here =
            (SELECT count(*) FROM evidence_refs WHERE proposal = new.proposal AND state = 1)
    WHERE number = new.number
        AND EXISTS (SELECT 1 FROM evidence_refs WHERE proposal = new.proposal);
END;
-- A case that is open again needs all of it again.
CREATE TRIGGER evidence_needed_again AFTER UPDATE OF shelf ON cases
WHEN old.shelf = 2 AND new.shelf <> 2 BEGIN
    UPDATE evidence_refs SET state = 0 WHERE proposal = new.proposal AND state = 2;
END;
INSERT INTO evidence_refs SELECT proposal, digest, blob, size_bytes, 0 FROM evidence_wanted;
DROP TABLE evidence_wanted;

-- What the evidence takes, kept and never summed.
CREATE TABLE evidence_total (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    pieces INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
);
INSERT INTO evidence_total SELECT 1, count(*), coalesce(sum(length(bytes)), 0) FROM evidence;
CREATE TRIGGER evidence_counted AFTER INSERT ON evidence BEGIN
    UPDATE evidence_total SET pieces = pieces + 1, bytes = bytes + length(new.bytes);
END;
CREATE TRIGGER evidence_uncounted AFTER DELETE ON evidence BEGIN
    UPDATE evidence_total SET pieces = pieces - 1, bytes = bytes - length(old.bytes);
END;

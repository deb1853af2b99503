-- Everything the gate must not lose. Written with synchronous=FULL, one transaction per event.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cases (
    proposal TEXT PRIMARY KEY,
    target   TEXT NOT NULL,
    phase    TEXT NOT NULL,
    state    BLOB NOT NULL
) STRICT;
CREATE INDEX cases_by_phase ON cases (phase, target);
CREATE INDEX cases_open_by_agent
    ON cases (json_extract(CAST(state AS TEXT), '$.proposal.initiator.agent'))
    WHERE phase IN ('deciding', 'authorized', 'executing');

-- What is written on a platform: how often through this gate, and by which entry last.
CREATE TABLE targets (
    target     TEXT PRIMARY KEY,
    revision   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Envelopes that were judged, whatever became of them.
CREATE TABLE judged (
    envelope BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Ids that signed statements have spent.
CREATE TABLE decision_ids (
    person   TEXT NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (person, decision)
) STRICT, WITHOUT ROWID;

CREATE TABLE control_ids (
    person  TEXT NOT NULL,
    control TEXT NOT NULL,
    PRIMARY KEY (person, control)
) STRICT, WITHOUT ROWID;

CREATE TABLE wrong_factors (
    person TEXT NOT NULL,
    at_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX wrong_factors_by_person ON wrong_factors (person, at_ms);

-- How much each device has filed in each case.
CREATE TABLE filed (
    device    TEXT NOT NULL,
    proposal  TEXT NOT NULL,
    envelopes INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    PRIMARY KEY (device, proposal)
) STRICT, WITHOUT ROWID;

CREATE TABLE factor_secrets (
    person TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE factor_steps (
    person TEXT NOT NULL,
    step   INTEGER NOT NULL,
    PRIMARY KEY (person, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_tokens (
    token_digest BLOB PRIMARY KEY,
    agent        TEXT NOT NULL,
    scopes       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rosters (
    version  INTEGER PRIMARY KEY,
    envelope BLOB NOT NULL
) STRICT;

CREATE TABLE log_entries (
    seq   INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- Merkle nodes in the numbering of Go's sumdb.
CREATE TABLE log_hashes (
    position INTEGER PRIMARY KEY,
    hash     BLOB NOT NULL
) STRICT;

CREATE TABLE log_checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    proposal TEXT NOT NULL,
    position INTEGER NOT NULL,
    step     BLOB NOT NULL,
    PRIMARY KEY (proposal, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE timers (
    due_at_ms INTEGER NOT NULL,
    proposal  TEXT NOT NULL,
    PRIMARY KEY (due_at_ms, proposal)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    writer_seq INTEGER PRIMARY KEY,
    sealed     BLOB NOT NULL,
    delivered  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_waiting ON outbox (writer_seq) WHERE delivered = 0;

CREATE TABLE blobs (
    digest    BLOB PRIMARY KEY,
    bytes     BLOB NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX blobs_waiting ON blobs (digest) WHERE delivered = 0;

-- What entries refer to: envelopes and policies, by digest.
CREATE TABLE envelopes (
    digest BLOB PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

-- Increases that took effect, for limits over a trailing window.
CREATE TABLE increases (
    proposal      TEXT PRIMARY KEY,
    target        TEXT NOT NULL,
    at_ms         INTEGER NOT NULL,
    amount_micros INTEGER NOT NULL
) STRICT;
CREATE INDEX increases_by_target ON increases (target, at_ms);

-- Whose case it is, as a column: agents list their own.

ALTER TABLE cases ADD COLUMN agent TEXT NOT NULL DEFAULT '';
UPDATE cases SET agent = json_extract(CAST(state AS TEXT), '$.proposal.initiator.agent');
DROP INDEX cases_open_by_agent;
CREATE INDEX cases_open_by_agent ON cases (agent)
    WHERE phase IN ('deciding', 'authorized', 'executing');
CREATE INDEX cases_by_agent ON cases (agent, proposal);

-- The keys that agents sent drafts under, each with the digest of the draft's canonical bytes.
CREATE TABLE draft_keys (
    agent    TEXT NOT NULL,
    key      TEXT NOT NULL,
    draft    BLOB NOT NULL,
    proposal TEXT NOT NULL UNIQUE,
    PRIMARY KEY (agent, key)
) STRICT, WITHOUT ROWID;

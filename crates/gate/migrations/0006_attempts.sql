-- What is remembered of executions that are tried again: a wait is a row, never a sleeping task.

CREATE TABLE attempts (
    proposal        TEXT PRIMARY KEY,
    -- When it is to be taken up again; NULL while it runs.
    due_at_ms       INTEGER,
    -- How often it was held up, and how many of its workers broke.
    held_up         INTEGER NOT NULL,
    lost            INTEGER NOT NULL,
    -- Since when the outcome of a write that was sent cannot be read.
    unread_since_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_due ON attempts (due_at_ms, proposal) WHERE due_at_ms IS NOT NULL;

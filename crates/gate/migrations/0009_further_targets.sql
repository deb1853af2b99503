-- What a change over several things writes beside the one that leads, `cases.target`.
CREATE TABLE further_targets (
    target TEXT NOT NULL,
    proposal TEXT NOT NULL,
    PRIMARY KEY (target, proposal)
) STRICT, WITHOUT ROWID;

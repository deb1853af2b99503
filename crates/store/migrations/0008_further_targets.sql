-- What an unsettled change over several things writes beside the one that leads,
-- `followed_cases.unsettled`.
CREATE TABLE followed_further (
    target TEXT NOT NULL,
    proposal TEXT NOT NULL,
    PRIMARY KEY (target, proposal)
) STRICT, WITHOUT ROWID;
CREATE INDEX followed_further_by_case ON followed_further (proposal);

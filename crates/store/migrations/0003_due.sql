-- Cases whose facts have changed since their list row was written. They stay until it is,
-- so that facts and rows need not share a transaction.
CREATE TABLE cases_due (
    proposal TEXT PRIMARY KEY,
    refused  INTEGER NOT NULL
) WITHOUT ROWID;

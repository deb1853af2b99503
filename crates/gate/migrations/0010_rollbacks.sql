-- What persons asked to take back, and from which of their statements a case was opened.

CREATE TABLE rollbacks_asked (wish BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE rollbacks_opened (statement BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

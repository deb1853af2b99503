-- What changes of a case apart from what never does: a decision must not write proposal and
-- verdict again. `cases.state` stands as it was written last without a course.

CREATE TABLE courses (
    proposal TEXT PRIMARY KEY,
    course   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

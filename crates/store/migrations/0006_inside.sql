-- Words are found by their inside (`table::case_words`): from each of their letters on, with
-- other lists of beginnings. The index keeps no text to fill another one from: the client
-- writes every row anew, newest first, and until then its `text_digest` is missing.
DROP TABLE case_words;
CREATE VIRTUAL TABLE case_words USING fts5 (
    entity, people, reason, rule, model, agent, rest,
    content = '', contentless_delete = 1, prefix = '3 4 5',
    tokenize = 'unicode61 remove_diacritics 2'
);
UPDATE case_body SET text_digest = NULL;
CREATE INDEX case_body_not_indexed ON case_body (number) WHERE text_digest IS NULL;

//! Numbered migrations; the number reached is SQLite's `user_version`.

use crate::OpenError;
use countersign_database::{Form, FormError, Version};
use rusqlite::Connection;

const FORM: Form = Form {
    // "CSGN".
    application_id: 0x4353_474E,
    migrations: &[
        include_str!("../migrations/0001_first.sql"),
        include_str!("../migrations/0002_desk.sql"),
        include_str!("../migrations/0003_due.sql"),
        include_str!("../migrations/0004_contain.sql"),
        include_str!("../migrations/0005_follow.sql"),
        include_str!("../migrations/0006_inside.sql"),
        include_str!("../migrations/0007_target.sql"),
        include_str!("../migrations/0008_further_targets.sql"),
        include_str!("../migrations/0009_to_check.sql"),
    ],
};

/// Brings the tables to the newest form, or says why not.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    FORM.bring_forward(connection).map_err(|error| match error {
        FormError::Foreign => OpenError::NotOurs,
        FormError::Newer(Version { found, known }) => OpenError::NewerVersion { found, known },
        FormError::Sqlite(error) => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CaseFilter, PageQuery, Reader};

    #[test]
    fn a_database_of_another_program_is_not_ours() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA application_id = 7; PRAGMA user_version = 1").unwrap();
        assert!(matches!(migrate(&mut connection), Err(OpenError::NotOurs)));
    }

    /// A store as the first form left it, with a row of each kind that changes its place.
    fn of_the_first_form() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = Form { migrations: &FORM.migrations[..1], ..FORM };
        first.bring_forward(&mut connection).unwrap();
        connection
            .execute_batch(
                "INSERT INTO cases VALUES
                     (1, 'prop_1', 0, 77, 'entity', 5, x'aa', 'flash sale'),
                     (2, 'prop_2', 2, 99, 'entity', 6, x'bb', 'winter');
                 INSERT INTO decisions
                     (digest, id, proposal, envelope, envelope_digest, mine, stage, stored_at_ms)
                 VALUES (x'01', 'dec_1', 'prop_1', x'', x'', 1, 0, 1);
                 INSERT INTO outbox VALUES (0, x'cc', x'dd', x'01', NULL);
                 INSERT INTO log_entry VALUES
                     (0, NULL, CAST('{\"body\":{\"event\":{\"kind\":\"log_opened\"}}}' AS BLOB)),
                     (1, NULL, x'ff00');
                 INSERT INTO evidence VALUES (x'02', x'010203');
                 INSERT INTO evidence_wanted VALUES (x'03', x'04', 9, 'prop_1');",
            )
            .unwrap();
        connection
    }

    #[test]
    fn the_second_form_keeps_what_the_first_held() {
        let mut connection = of_the_first_form();
        migrate(&mut connection).unwrap();
        let reads: [(&str, &str); 8] = [
            (
                "SELECT group_concat(number || shelf || open || decide_by_ms) FROM cases",
                "10177,2206",
            ),
            ("SELECT group_concat(hex(summary)) FROM case_body", "AA,BB"),
            ("SELECT count(*) || '' FROM case_body WHERE text_digest IS NULL", "2"),
            ("SELECT group_concat(cases) FROM case_count", "1,0,1,0,0,0,1"),
            ("SELECT hex(carries) || hex(record) FROM outbox", "01CC"),
            ("SELECT group_concat(seq || action ORDER BY seq) FROM log_entry", "0log_opened,1"),
            ("SELECT pieces || '/' || bytes FROM evidence_total", "1/3"),
            ("SELECT hex(digest) || size_bytes || state FROM evidence_refs", "0390"),
        ];
        for (sql, expected) in reads {
            let found: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, expected, "{sql}");
        }
        let forbidden =
            ["DELETE FROM outbox", "DELETE FROM decisions", "DELETE FROM cases WHERE 0"];
        let refused: Vec<bool> =
            forbidden.iter().map(|sql| connection.execute_batch(sql).is_err()).collect();
        assert_eq!(refused, [true, true, false]);
    }

    /// What the earlier index found is not found until its row is written again, and every
    /// search says so.
    #[test]
    fn a_search_over_rows_that_are_not_indexed_yet_says_that_there_may_be_more() {
        let mut connection = of_the_first_form();
        migrate(&mut connection).unwrap();
        let matches = |connection: &Connection| {
            let query = PageQuery { filter: CaseFilter::words("flash"), ..PageQuery::default() };
            let matches = Reader::new(connection).case_page(&query).unwrap().matches;
            (matches.count, matches.more)
        };
        assert_eq!(matches(&connection), (0, true));
        connection.execute_batch("UPDATE case_body SET text_digest = x'00'").unwrap();
        assert_eq!(matches(&connection), (0, false));
    }
}

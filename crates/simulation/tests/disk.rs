//! The disk under SQLite: what was committed is there after any crash, what was not is whole or
//! not there at all.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use countersign_simulation::{
    chance::Chance,
    disk::{Disk, Fate, alone},
};
use rusqlite::{Connection, OpenFlags};

fn open(disk: &Disk) -> rusqlite::Result<(Connection, Connection)> {
    let writer = Connection::open(disk.path("some.sqlite"))?;
    writer.pragma_update(None, "journal_mode", "wal")?;
    writer.pragma_update(None, "synchronous", "full")?;
    writer.execute_batch("CREATE TABLE IF NOT EXISTS numbers (number INTEGER, bytes BLOB)")?;
    let reader =
        Connection::open_with_flags(disk.path("some.sqlite"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok((writer, reader))
}

/// Two rows at once, so that half a transaction would be seen.
fn add(writer: &mut Connection, number: i64) -> rusqlite::Result<()> {
    let transaction = writer.transaction()?;
    for _ in 0..2 {
        transaction.execute("INSERT INTO numbers VALUES (?1, randomblob(3000))", [number])?;
    }
    transaction.commit()
}

fn numbers(reader: &Connection) -> Vec<i64> {
    let mut select = reader.prepare("SELECT number FROM numbers ORDER BY rowid").unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn what_was_committed_survives_a_crash_at_every_step() {
    let _alone = alone();
    for (name, fate) in [("lost", Fate::Lost), ("kept", Fate::Kept), ("torn", Fate::Torn)] {
        let mut crashed = 0;
        for at in 1..120 {
            let disk = Disk::new(name, Chance::of(at));
            disk.crash_after(at, fate);
            let mut done = vec![];
            let mut tried = None;
            if let Ok((mut writer, reader)) = open(&disk) {
                for number in 0..20 {
                    tried = Some(number);
                    if add(&mut writer, number).is_err() {
                        break;
                    }
                    done.extend([number, number]);
                    assert_eq!(numbers(&reader), done, "another connection sees it");
                    tried = None;
                }
            }
            crashed += u32::from(disk.is_down());
            disk.restart();
            let (_writer, reader) = open(&disk).unwrap();
            let found = numbers(&reader);
            let mut more = done.clone();
            more.extend(tried.iter().flat_map(|number| [*number; 2]));
            assert!(found == done || found == more, "{fate:?} at {at}: {found:?}, not {done:?}");
            let check: String =
                reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok", "{fate:?} at {at}");
        }
        assert!(crashed > 60, "{name}: the power went in {crashed} of the runs only");
    }
}

#[test]
fn a_full_disk_refuses_and_what_was_there_stays() {
    let _alone = alone();
    let disk = Disk::new("full", Chance::of(1));
    let (mut writer, reader) = open(&disk).unwrap();
    add(&mut writer, 1).unwrap();
    disk.fill(1_000);
    let refused = add(&mut writer, 2).unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull), "{refused}");
    assert_eq!(numbers(&reader), [1, 1]);
    disk.make_room();
    add(&mut writer, 3).unwrap();
    assert_eq!(numbers(&reader), [1, 1, 3, 3]);
}

#[test]
fn a_flipped_bit_is_read() {
    let _alone = alone();
    let disk = Disk::new("rot", Chance::of(1));
    let (mut writer, reader) = open(&disk).unwrap();
    add(&mut writer, 1).unwrap();
    drop((writer, reader));
    let before = disk.image();
    assert!(disk.flip("some.sqlite", 12_345));
    assert_ne!(disk.image(), before);
    assert!(!disk.flip("no such file", 1));
}

//! Tables `cosignatures` and `cosigned_forks`: what each device has cosigned. One row per
//! device each, so that no device can make them grow.

use super::{Reader, StoreError, Tx, from_db, to_db};
use countersign_model::{DeviceId, TimestampMs};

/// A device that has verified another log than this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ForkRow {
    /// The device.
    pub device: DeviceId,
    /// How often it said so.
    pub times: u64,
    /// How many entries its newest such checkpoint is over.
    pub size: u64,
    /// That checkpoint, signed by the log's key and cosigned by the device.
    pub note: String,
}

impl Reader<'_> {
    /// The newest cosigned checkpoint of each device, in ascending order of devices.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cosignatures(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT note FROM cosignatures ORDER BY device";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Devices that have verified another log than this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cosigned_forks(&self) -> Result<Vec<ForkRow>, StoreError> {
        let sql = "SELECT device, times, size, note FROM cosigned_forks ORDER BY device";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        rows.map(|row| {
            let (device, times, size, note) = row?;
            let device = device.parse().map_err(|_| StoreError::Damaged("a device id"))?;
            Ok(ForkRow { device, times: from_db(times)?, size: from_db(size)?, note })
        })
        .collect()
    }
}

impl Tx<'_> {
    /// Keeps a device's cosigned checkpoint if it is over more entries than the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_cosignature(
        &self,
        device: DeviceId,
        size: u64,
        note: &str,
        at: TimestampMs,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO cosignatures VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
                   SET size = ?2, note = ?3, received_at_ms = ?4 WHERE size < ?2";
        let row = (device.to_string(), to_db(size)?, note, at.millis());
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    /// Counts a device's checkpoint that is not of this log and keeps it as evidence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_cosigned_fork(
        &self,
        device: DeviceId,
        size: u64,
        note: &str,
        at: TimestampMs,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO cosigned_forks VALUES (?1, 1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
                   SET times = times + 1, size = ?2, note = ?3, received_at_ms = ?4";
        let row = (device.to_string(), to_db(size)?, note, at.millis());
        self.connection.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }
}

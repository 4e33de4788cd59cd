//! Walking the chain.

use std::collections::BTreeSet;
use std::fmt;

use ownsight_model::InstallationId;
use rusqlite::{Connection, Transaction};

use crate::chain::{self, EntryHash, Head};
use crate::encoding::{self, DecodeError};
use crate::query::{self, FoundBy};

/// What a walk over the whole ledger found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// How many entries are sound, from the first.
    pub sound: u64,
    /// The last sound one: the ledger's head if nothing is broken. Compare it with one that is kept elsewhere.
    pub head: Head,
    /// The first thing that is wrong.
    pub broken: Option<Break>,
}

/// Where the ledger is broken, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The entry at which it shows.
    pub sequence: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with an entry or with what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no entry with this number, but there are later ones.
    Missing,
    /// Its number is not one that the chain has: before the first, or of another type.
    Surplus,
    /// Its bytes are no entry.
    Undecodable(DecodeError),
    /// Its bytes are those of an entry with another number.
    Moved {
        /// That number.
        number: u64,
    },
    /// Its hash is not that of its bytes behind the hash before it.
    Hash,
    /// The columns by which it is found say something else than its bytes.
    Columns,
    /// The index by event does not have exactly the events that it names.
    EventIndex,
    /// The head's row says something else than the last entry: entries were cut off at the end, or added.
    Head,
    /// The head's row is missing, or is another installation's.
    Installation,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequence = self.sequence;
        match self.fault {
            Fault::Missing => write!(f, "entry {sequence} is missing"),
            Fault::Surplus => write!(f, "an entry has a number outside the chain"),
            Fault::Undecodable(error) => write!(f, "entry {sequence} is damaged: {error}"),
            Fault::Moved { number } => write!(f, "in place of entry {sequence} stands entry {number}"),
            Fault::Hash => write!(f, "the chain breaks at entry {sequence}"),
            Fault::Columns => write!(f, "entry {sequence} would be found under something that it is not"),
            Fault::EventIndex => write!(f, "the index by event disagrees with entry {sequence}"),
            Fault::Head => write!(f, "entry {sequence} is not the last one that was recorded"),
            Fault::Installation => write!(f, "the ledger is not this installation's"),
        }
    }
}

/// Walks over everything, in one snapshot; memory for one entry.
pub(crate) fn verify(
    connection: &mut Connection,
    installation: InstallationId,
) -> Result<Verification, rusqlite::Error> {
    let snapshot = connection.transaction()?;
    let mut head = Head { sequence: 0, hash: chain::start(installation) };
    let broken = find_break(&snapshot, installation, &mut head)?;
    Ok(Verification { sound: head.sequence, head, broken })
}

fn find_break(
    snapshot: &Transaction<'_>,
    installation: InstallationId,
    sound: &mut Head,
) -> Result<Option<Break>, rusqlite::Error> {
    let owner = snapshot.query_row("SELECT installation FROM head", [], |row| row.get::<_, Vec<u8>>(0));
    if !owner.is_ok_and(|owner| owner == installation.as_bytes()) {
        return Ok(Some(Break { sequence: 0, fault: Fault::Installation }));
    }
    let mut statement =
        snapshot.prepare("SELECT sequence, time, account, home, bytes, hash FROM entry ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    let mut index_rows = 0;
    while let Some(row) = rows.next()? {
        let expected = sound.sequence + 1;
        let stored = Stored {
            sequence: row.get(0)?,
            time: row.get(1)?,
            account: row.get(2)?,
            home: row.get(3)?,
            bytes: row.get(4)?,
            hash: row.get(5)?,
        };
        match stored.check(snapshot, expected, sound.hash)? {
            Ok((hash, events)) => {
                *sound = Head { sequence: expected, hash };
                index_rows += events;
            }
            Err(fault) => return Ok(Some(Break { sequence: expected, fault })),
        }
    }
    if !query::head(snapshot).is_ok_and(|head| head == *sound) {
        return Ok(Some(Break { sequence: sound.sequence, fault: Fault::Head }));
    }
    let found: i64 = snapshot.query_row("SELECT count(*) FROM entry_event", [], |row| row.get(0))?;
    if found as u64 != index_rows {
        return Ok(Some(surplus_in_index(snapshot, sound.sequence)?));
    }
    Ok(None)
}

/// An entry's row as it is, believed in nothing.
struct Stored {
    sequence: i64,
    time: i64,
    account: Vec<u8>,
    home: Vec<u8>,
    bytes: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    /// The hash, and how many rows of the index belong to the entry.
    fn check(
        &self,
        snapshot: &Transaction<'_>,
        expected: u64,
        before: EntryHash,
    ) -> Result<Result<(EntryHash, u64), Fault>, rusqlite::Error> {
        if self.sequence < 1 {
            return Ok(Err(Fault::Surplus));
        }
        if self.sequence as u64 != expected {
            return Ok(Err(Fault::Missing));
        }
        let (number, line) = match encoding::decode(&self.bytes) {
            Ok(decoded) => decoded,
            Err(error) => return Ok(Err(Fault::Undecodable(error))),
        };
        if number != expected {
            return Ok(Err(Fault::Moved { number }));
        }
        let hash = chain::next(before, &self.bytes);
        if self.hash != hash.as_bytes() {
            return Ok(Err(Fault::Hash));
        }
        let found_by = FoundBy::of(&line);
        if self.time != found_by.time.as_micros()
            || self.account != found_by.account
            || self.home != found_by.home
        {
            return Ok(Err(Fault::Columns));
        }
        let events: BTreeSet<_> = found_by.events.iter().collect();
        let mut find = snapshot
            .prepare_cached("SELECT 1 FROM entry_event WHERE event = ?1 AND camera = ?2 AND sequence = ?3")?;
        for event in &events {
            if !find.exists((event.event.as_bytes(), event.camera.as_bytes(), self.sequence))? {
                return Ok(Err(Fault::EventIndex));
            }
        }
        Ok(Ok((hash, events.len() as u64)))
    }
}

/// The first row of the index that belongs to no event of its entry.
fn surplus_in_index(snapshot: &Transaction<'_>, last: u64) -> Result<Break, rusqlite::Error> {
    let mut statement = snapshot.prepare(
        "SELECT entry_event.sequence, event, camera, bytes
         FROM entry_event LEFT JOIN entry USING (sequence) ORDER BY entry_event.sequence",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let sequence = row.get::<_, i64>(0)? as u64;
        let (event, camera): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
        let bytes: Option<Vec<u8>> = row.get(3)?;
        let line = bytes.and_then(|bytes| encoding::decode(&bytes).ok());
        let is_named = line.is_some_and(|(_, line)| {
            let mut events = FoundBy::of(&line).events.iter();
            events.any(|named| event == named.event.as_bytes() && camera == named.camera.as_bytes())
        });
        if !is_named {
            return Ok(Break { sequence, fault: Fault::EventIndex });
        }
    }
    Ok(Break { sequence: last, fault: Fault::EventIndex })
}

//! Rows of a register on their way into one transaction.

use std::collections::HashSet;

use shiryan_kernel::ids::DonorId;
use shiryan_kernel::problem::FieldError;
use shiryan_kernel::{Code, Result};

use super::super::store::{self, GivingRow, WindowRow};
use super::tally::{Fate, Mark};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Key, Prepared};
use crate::sheets::Row;

/// A row, and what was made of it.
pub struct Item {
    pub row: Row,
    pub ready: Result<Box<Ready>, Vec<FieldError>>,
}

/// A donor ready to be written.
pub struct Ready {
    pub donor: Prepared,
    pub giving: Option<GivingRow>,
    pub windows: Vec<WindowRow>,
    pub warned: bool,
}

/// A donor, and the keys that no other may own.
pub type Owned = (DonorId, Vec<Key>);

/// Rows of one transaction.
#[derive(Default)]
pub struct Slice {
    pub rows: Vec<Row>,
    lines: Vec<u64>,
    /// One for each row, as long as nobody is known.
    fates: Vec<Fate>,
    /// One for each row that could be read.
    pub keys: Vec<Owned>,
    new: New,
}

impl Slice {
    pub fn of(items: Vec<Item>) -> Self {
        let mut slice = Self::default();
        let mut donors = Vec::with_capacity(items.len());
        for Item { row, ready } in items {
            slice.lines.push(row.line);
            slice.rows.push(row);
            match ready {
                Ok(one) => {
                    let Ready { donor, giving, windows, warned } = *one;
                    slice.fates.push(Fate::Taken { warned });
                    let exclusive = donor.keys.iter().filter(|key| key.is_exclusive());
                    slice.keys.push((donor.id, exclusive.cloned().collect()));
                    donors.push(donor);
                    slice.new.givings.extend(giving);
                    slice.new.windows.extend(windows);
                }
                Err(faults) => slice.fates.push(Fate::Refused(faults)),
            }
        }
        slice.new.donors = donors::Batch::of(donors);
        slice
    }

    /// Writes all of them; the fate of each row.
    ///
    /// # Errors
    /// `state_conflict` when somebody is known.
    pub fn write_all(&self, tx: &mut Tx, mark: &Mark) -> Result<Vec<Fate>> {
        self.new.write(tx)?;
        mark.put(tx, &self.lines, &self.fates)?;
        Ok(self.fates.clone())
    }

    /// Writes those who are not known; the fate of each row, and whether anybody was known.
    ///
    /// # Errors
    /// As any write.
    pub fn write_unknown(&self, tx: &mut Tx, mark: &Mark) -> Result<(Vec<Fate>, bool)> {
        let by_key = known(tx.conn, &self.keys)?;
        let owners = self.keys.iter().zip(&by_key);
        let known: HashSet<DonorId> =
            owners.filter(|(_, key)| key.is_some()).map(|((donor, _), _)| *donor).collect();
        self.new.without(&known).write(tx)?;
        let fates = self.fates(&by_key);
        mark.put(tx, &self.lines, &fates)?;
        Ok((fates, !known.is_empty()))
    }

    /// The fate of each row, once it is known by which key each donor is known already.
    pub fn fates(&self, known: &[Option<&'static str>]) -> Vec<Fate> {
        let mut known = known.iter();
        let fate = |fate: &Fate| match fate {
            Fate::Taken { .. } => match known.next() {
                Some(Some(field)) => already(field),
                _ => fate.clone(),
            },
            _ => fate.clone(),
        };
        self.fates.iter().map(fate).collect()
    }
}

/// Donors with what is known of them, as rows.
#[derive(Default)]
struct New {
    donors: donors::Batch,
    givings: Vec<GivingRow>,
    windows: Vec<WindowRow>,
}

impl New {
    fn without(&self, known: &HashSet<DonorId>) -> Self {
        Self {
            donors: self.donors.without(known),
            givings: self.givings.iter().filter(|row| !known.contains(&row.donor)).cloned().collect(),
            windows: self.windows.iter().filter(|row| !known.contains(&row.donor)).cloned().collect(),
        }
    }

    /// `state_conflict` when one of them is known.
    fn write(&self, tx: &mut Tx) -> Result<()> {
        donors::insert(tx.conn, &self.donors)?;
        store::insert_givings(tx.conn, &self.givings)?;
        store::insert_windows(tx.conn, &self.windows)?;
        if let Some((first, last)) = self.donors.span() {
            feed::append_span(tx, "donor", first.0, last.0, "imported")?;
        }
        Ok(())
    }
}

/// By which key each is known to the database or stands in an earlier row of the slice.
pub fn known(conn: &mut Conn, donors: &[Owned]) -> Result<Vec<Option<&'static str>>> {
    let owned = donors::owned_keys(conn, donors.iter().flat_map(|(_, keys)| keys))?;
    let mut seen: HashSet<&Key> = HashSet::new();
    Ok(donors
        .iter()
        .map(|(_, keys)| {
            let is_known =
                |key: &&Key| seen.contains(key) || owned.contains(&(key.field.to_owned(), key.tag.clone()));
            let known = keys.iter().find(is_known).map(|key| key.field);
            if known.is_none() {
                seen.extend(keys);
            }
            known
        })
        .collect())
}

fn already(field: &str) -> Fate {
    let field = if field == "nid" { "national_id" } else { "service_number" };
    Fate::refused(field, Code::DonorAlreadyRegistered)
}

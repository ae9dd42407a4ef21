//! Donations of the past: each becomes a giving, as if it had been collected elsewhere.
//!
//! The same donor, day and kind is the same donation, wherever it is known from: nobody gives twice a day, and
//! one counted twice would shut a donor out by the caps. So a register's last donation of unknown volume and a
//! row that tells the volume are one. Two volumes that disagree are a fault, put right by a correction.

use std::path::Path;

use chrono::NaiveDate;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::GivingId;
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Result};

use super::super::store::{self, GivingRow};
use super::super::{GivingSource, NewGiving, Rulebook};
use super::cells::{Cells, NATIONAL_ID, SERVICE_NUMBER};
use super::history::{self, Entry, Said};
use super::row::{donation_type, volume_ml};
use super::tally::Fate;
use crate::db::{Conn, Db, Tx};
use crate::donors::Known;
use crate::sheets::{Column, ImportError, Manner, Progress, Report, Row, civil_date, yes_no};
use crate::vault::Vault;

/// How many of [`COLUMNS`] a file must have, at their beginning.
const NEEDED: usize = 5;

pub const COLUMNS: [Column; 6] = [
    SERVICE_NUMBER,
    NATIONAL_ID,
    Column { name: "given_on", also: &["تاريخ التبرع"] },
    Column { name: "donation_type", also: &["نوع التبرع"] },
    Column { name: "volume_ml", also: &["الحجم", "الحجم مل"] },
    Column { name: "red_cells_lost", also: &["فقد كريات حمراء"] },
];

/// A donation as a row or the ledger says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Given {
    on: NaiveDate,
    donation_type: DonationType,
    volume_ml: Option<u16>,
    /// Red cells were lost and not returned, so much that it counts as whole blood too.
    red_cells_lost: bool,
    /// Whether it counts: nobody replaced the line or said that there was none.
    stands: bool,
}

/// Imports donations, or only says what it would do.
///
/// # Errors
/// A file that cannot be read as a whole; the database's own.
pub fn import_donations(
    db: &Db,
    vault: &Vault,
    book: &Rulebook,
    path: &Path,
    manner: &Manner,
    progress: impl FnMut(Progress),
) -> Result<Report, ImportError> {
    let today = book.today(db.now());
    history::take((db, vault, book), path, manner, progress, |row| read(row, vault, today))
}

fn read(row: &Row, vault: &Vault, today: NaiveDate) -> Result<Entry<Given>> {
    let mut cells = Cells::of(row, &COLUMNS);
    let keys = cells.donor(vault);
    let on = cells.need(|text| past_day(civil_date(text)?, today));
    let donation_type = cells.need(donation_type);
    let volume_ml = cells.read(volume_ml);
    let red_cells_lost = cells.read(yes_no) == Some(true);
    let given = on.zip(donation_type);
    let given =
        given.map(|(on, donation_type)| Given { on, donation_type, volume_ml, red_cells_lost, stands: true });
    cells.faults.give(given.map(|given| (keys, given)))
}

impl Given {
    fn is_same(&self, other: &Self) -> bool {
        self.on == other.on && self.donation_type == other.donation_type
    }
}

impl Said for Given {
    const COLUMNS: &'static [Column] = &COLUMNS;
    const NEEDED: usize = NEEDED;
    const ACTIONS: [&'static str; 2] = ["donations.import_began", "donations.imported"];

    fn there(conn: &mut Conn, known: &Known) -> Result<Vec<Self>> {
        let lines = store::giving_lines(conn, store::one(known.id))?.take(known.id);
        let replaced: Vec<GivingId> = lines.iter().filter_map(|line| line.corrects).collect();
        let given = lines.iter().map(|line| Self {
            on: line.says.on,
            donation_type: line.says.donation_type,
            volume_ml: line.says.volume_ml,
            red_cells_lost: line.says.red_cells_lost_ml.is_none_or(|lost| lost > 0),
            stands: !line.voided && !replaced.contains(&line.id),
        });
        Ok(given.collect())
    }

    fn fate(&self, known: &Known, there: &[Self]) -> Fate {
        if known.birth_date.is_some_and(|born| self.on < born) {
            return Fate::refused("given_on", Code::OutOfRange);
        }
        let is_told = |line: &Given| line.red_cells_lost || !self.red_cells_lost;
        if there.iter().any(|line| line.is_same(self) && line.volume_ml == self.volume_ml && is_told(line)) {
            return Fate::Skipped;
        }
        let Some(line) = there.iter().find(|line| line.stands && line.is_same(self)) else {
            return Fate::Taken { warned: false };
        };
        if line.volume_ml.zip(self.volume_ml).is_some_and(|(there, here)| there != here) {
            Fate::refused("volume_ml", Code::StateConflict)
        } else if !is_told(line) {
            Fate::refused("red_cells_lost", Code::StateConflict)
        } else {
            Fate::Skipped
        }
    }

    fn write(tx: &mut Tx, new: &[(Known, Vec<Self>)]) -> Result<()> {
        let at = tx.now.naive_utc();
        let mut rows = Vec::new();
        for (known, given) in new {
            for Self { on, donation_type, volume_ml, red_cells_lost, .. } in given.iter().copied() {
                let giving = NewGiving {
                    donor: known.id,
                    on,
                    donation_type,
                    volume_ml,
                    red_cells_lost,
                    source: GivingSource::Import,
                };
                rows.push(GivingRow::new(GivingId(tx.id()), &giving, at));
            }
        }
        store::insert_givings(tx.conn, &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_donation_of_a_day_and_kind() {
        let known = |born: Option<&str>| {
            let key = Vault::new(crate::vault::RootKey::from_bytes([7; 32])).new_donor_key(1).0;
            Known {
                id: shiryan_kernel::ids::DonorId(1),
                sex: None,
                birth_date: born.map(|day| day.parse().unwrap()),
                weight_kg: None,
                height_cm: None,
                status: shiryan_kernel::status::DonorStatus::Active,
                group_discrepancy: false,
                typed_group: None,
                paused_until: None,
                screened: false,
                declared_12_months: None,
                recorded_at: chrono::NaiveDateTime::default(),
                key,
            }
        };
        let given = |day: &str, volume_ml, stands| Given {
            on: day.parse().unwrap(),
            donation_type: DonationType::WholeBlood,
            volume_ml,
            red_cells_lost: false,
            stands,
        };
        let row = given("2026-03-01", Some(450), true);
        let other_kind = Given { donation_type: DonationType::PlasmaApheresis, ..row };
        for (there, expected) in [
            (vec![], Fate::Taken { warned: false }),
            (vec![row], Fate::Skipped),
            (vec![given("2026-03-01", None, true)], Fate::Skipped),
            (vec![given("2026-03-01", Some(400), true)], Fate::refused("volume_ml", Code::StateConflict)),
            (vec![given("2026-03-02", Some(450), true), other_kind], Fate::Taken { warned: false }),
            // Somebody said that it was not so: the old file does not bring it back, another volume does.
            (vec![given("2026-03-01", Some(450), false)], Fate::Skipped),
            (vec![given("2026-03-01", Some(400), false)], Fate::Taken { warned: false }),
        ] {
            assert_eq!(row.fate(&known(None), &there), expected, "{there:?}");
        }
        assert_eq!(row.fate(&known(Some("2026-03-02")), &[]), Fate::refused("given_on", Code::OutOfRange));
        let unknown = Given { volume_ml: None, ..row };
        assert_eq!(unknown.fate(&known(None), &[row]), Fate::Skipped);
        // That red cells were lost is never passed over.
        let lost = Given { red_cells_lost: true, ..row };
        assert_eq!(row.fate(&known(None), &[lost]), Fate::Skipped);
        for there in [row, unknown] {
            assert_eq!(
                lost.fate(&known(None), &[there]),
                Fate::refused("red_cells_lost", Code::StateConflict)
            );
        }
    }
}

//! Deferrals that another register knows, so that none is lost on the way.
//!
//! Each counts from its own base event, and becomes known here on the day of the import: a leave that a
//! physician gave before does not cover it, and the replay of an earlier day does not know it. The day on which
//! the other register noted it is kept beside. A cause whose code the catalogue lacks is a fault: nobody shall
//! believe that it was counted.

use std::path::Path;

use chrono::NaiveDate;
use shiryan_kernel::Result;
use shiryan_kernel::ids::DeferralId;
use shiryan_kernel::time::past_day;

use super::super::ledger::{DeferralLine, Event, standing_deferrals};
use super::super::{DeferralFact, Rulebook, check_deferral, store};
use super::cells::{Cells, NATIONAL_ID, SERVICE_NUMBER};
use super::history::{self, Entry, Said};
use super::tally::Fate;
use crate::db::{Conn, Db, Tx};
use crate::donors::Known;
use crate::sheets::{Column, ImportError, Manner, Progress, Report, Row, civil_date};
use crate::vault::Vault;

pub const COLUMNS: [Column; 7] = [
    SERVICE_NUMBER,
    NATIONAL_ID,
    Column { name: "code", also: &["الرمز", "رمز التأجيل"] },
    Column { name: "base", also: &["تاريخ الحدث"] },
    Column { name: "second_base", also: &["تاريخ الحدث الثاني"] },
    Column { name: "ended_on", also: &["تاريخ الانتهاء"] },
    Column { name: "recorded_on", also: &["تاريخ التسجيل"] },
];

/// Imports deferrals, or only says what it would do.
///
/// # Errors
/// A file that cannot be read as a whole; the database's own.
pub fn import_deferrals(
    db: &Db,
    vault: &Vault,
    book: &Rulebook,
    path: &Path,
    manner: &Manner,
    progress: impl FnMut(Progress),
) -> Result<Report, ImportError> {
    let today = book.today(db.now());
    history::take((db, vault, book), path, manner, progress, |row| read(row, vault, book, today))
}

fn read(row: &Row, vault: &Vault, book: &Rulebook, today: NaiveDate) -> Result<Entry<DeferralFact>> {
    let mut cells = Cells::of(row, &COLUMNS);
    let keys = cells.donor(vault);
    let code = cells.need(|text| Ok(text.to_ascii_uppercase()));
    let mut day = || cells.read(civil_date);
    let (base, second_base, ended_on) = (day(), day(), day());
    let noted_on = cells.read(|text| past_day(civil_date(text)?, today));
    let fact = code.map(|code| DeferralFact {
        second_base,
        ended_on,
        noted_on,
        ..DeferralFact::new(code, base, today)
    });
    if let Some(fact) = &fact {
        check_deferral(book, fact, today, "", &mut cells.faults);
    }
    cells.faults.give(fact.map(|fact| (keys, fact)))
}

impl Said for DeferralFact {
    const COLUMNS: &'static [Column] = &COLUMNS;
    const ACTIONS: [&'static str; 2] = ["deferrals.import_began", "deferrals.imported"];

    fn there(conn: &mut Conn, known: &Known) -> Result<Vec<Self>> {
        let lines = store::deferral_lines(conn, known.id, &known.key)?;
        let stands = standing_deferrals(&lines, None);
        // What an entry said, and what became of it since.
        let said = lines.into_iter().filter_map(|line| {
            let of = stands.iter().find(|one| one.id == line.about)?;
            Some(Self { withdrawn_on: of.over_since(&line.says), ..line.says })
        });
        Ok(said.collect())
    }

    /// The same cause with the same days is the same deferral. One that is over by now is the same only if the row
    /// was noted in its own register before that: a cause without a day may have come again.
    fn fate(&self, _: &Known, there: &[Self]) -> Fate {
        let noted =
            |line: &Self| line.noted_on.is_none() || self.noted_on.is_none_or(|on| line.noted_on == Some(on));
        let is_same = |line: &Self| {
            line.code == self.code
                && line.base == self.base
                && line.second_base == self.second_base
                && line.ended_on == self.ended_on
                && noted(line)
                && line.withdrawn_on.is_none_or(|over| self.noted_on.is_some_and(|on| on <= over))
        };
        if there.iter().any(is_same) { Fate::Skipped } else { Fate::Taken { warned: false } }
    }

    fn write(tx: &mut Tx, new: &[(Known, Vec<Self>)]) -> Result<()> {
        for (known, facts) in new {
            for fact in facts {
                let id = DeferralId(tx.id());
                let line = DeferralLine { id, about: id, event: Event::Entered, says: fact.clone() };
                store::insert_deferral(tx, known.id, None, &known.key, &line, None)?;
            }
        }
        Ok(())
    }
}

//! Units out of a file. A parent may stand below its children; a unit that is there already and the same
//! is passed over. Refused: a code that is taken by another unit, a parent that nobody knows, a ring.

mod facilities;
mod sent;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use shiryan_kernel::ids::{UnitId, UserId};
use shiryan_kernel::problem::{Faults, FieldError};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::{Code, Problem};

use super::{NewUnit, PlaceName, Unit, create_unit, governorate_named, units};
use crate::db::{Db, Lane};
use crate::sheets::{Column, ImportError, Manner, Progress, Rejects, Report, Row, Sheet};
use crate::vault::Vault;

pub use facilities::import_facilities;
pub use sent::{FileFault, ImportResult, MOST_BYTES, RowFaults, SentFile};

const COLUMNS: [Column; 5] = [
    Column { name: "code", also: &["الرمز", "رمز الوحدة"] },
    Column { name: "name_ar", also: &["الاسم بالعربية", "الاسم"] },
    Column { name: "name_en", also: &["الاسم بالإنجليزية"] },
    Column { name: "parent", also: &["الوحدة الأم", "الوحدة الأعلى"] },
    Column { name: "governorate", also: &["المحافظة"] },
];
/// Places in [`COLUMNS`].
const CODE: usize = 0;
const NAME_AR: usize = 1;
const NAME_EN: usize = 2;
const PARENT: usize = 3;
const GOVERNORATE: usize = 4;

/// A tree is held in memory; no force has as many units.
const MOST_ROWS: usize = 100_000;
/// Units written in one slice.
const SLICE: usize = 64;

/// A row that could be read.
#[derive(Debug, Clone)]
struct Entry {
    at: usize,
    parent: Option<String>,
    new: NewUnit,
}

/// Imports units, or only says what it would do. A unit that is there is passed over, so a file that stopped is
/// taken again from its start.
///
/// # Errors
/// A file that cannot be read as a whole; the database's own.
pub fn import_units(
    db: &Db,
    vault: &Vault,
    by: Option<UserId>,
    path: &Path,
    manner: &Manner,
    mut progress: impl FnMut(Progress) -> Result<(), Problem>,
) -> Result<Report, ImportError> {
    let mut sheet = Sheet::open(path, &COLUMNS, &manner.names)?;
    let mut rejects = Rejects::beside(path, sheet.header());
    let mut rows = Vec::new();
    for row in sheet.by_ref() {
        rows.push(row?);
        if rows.len() > MOST_ROWS {
            return Err(ImportError::TooManyRows { path: path.to_owned(), most: MOST_ROWS });
        }
    }
    let there: HashMap<String, Unit> = db
        .read_now(|conn| units(conn, None, 0, i64::MAX))?
        .into_iter()
        .map(|unit| (unit.code.clone(), unit))
        .collect();
    let sorted = sort(&rows, &there);
    for (at, faults) in &sorted.refused {
        if let Some(row) = rows.get(*at) {
            rejects.add(row, faults)?;
        }
    }
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let rejected = u64::try_from(sorted.refused.len()).unwrap_or(u64::MAX);
    let mut report = Report { rows: total, skipped: sorted.skipped, rejected, ..Report::default() };
    let mut ids: HashMap<String, UnitId> = there.into_iter().map(|(code, unit)| (code, unit.id)).collect();
    let (bytes, of_bytes) = sheet.progress();
    for slice in sorted.ordered.chunks(SLICE) {
        if !manner.dry_run {
            let (entries, known, vault) = (slice.to_vec(), ids.clone(), vault.clone());
            ids.extend(db.write_now(Lane::Bulk, move |tx| {
                let mut made: HashMap<String, UnitId> = HashMap::new();
                for entry in &entries {
                    let parent = entry.parent.as_ref().and_then(|code| made.get(code).or(known.get(code)));
                    let new = NewUnit { parent: parent.copied(), ..entry.new.clone() };
                    made.insert(new.code.as_str().to_owned(), create_unit(tx, &vault, by, &new)?);
                }
                Ok(made)
            })?);
        }
        report.taken += u64::try_from(slice.len()).unwrap_or(0);
        let rows = report.taken + report.skipped + rejected;
        progress(Progress { rows, of_rows: Some(total), rejected, bytes, of_bytes })?;
    }
    report.rejects = rejects.finish()?.0;
    Ok(report)
}

#[derive(Debug, Default)]
struct Sorted {
    /// Parents before children.
    ordered: Vec<Entry>,
    skipped: u64,
    /// By place in the file.
    refused: Vec<(usize, Vec<FieldError>)>,
}

fn sort(rows: &[Row], there: &HashMap<String, Unit>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut seen = HashSet::new();
    let mut waiting: HashMap<String, Entry> = HashMap::new();
    let mut children: HashMap<String, Vec<String>> = HashMap::new();
    let mut ready = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let entry = match read(at, row) {
            Ok(entry) => entry,
            Err(problem) => {
                sorted.refused.push((at, problem.errors));
                continue;
            }
        };
        let code = entry.new.code.as_str().to_owned();
        let same = there.get(&code).map(|unit| is_same(unit, &entry, there));
        match (seen.insert(code.clone()), same) {
            (true, Some(true)) => sorted.skipped += 1,
            (true, None) => {
                match &entry.parent {
                    Some(parent) if !there.contains_key(parent) => {
                        children.entry(parent.clone()).or_default().push(code.clone());
                    }
                    _ => ready.push(code.clone()),
                }
                waiting.insert(code, entry);
            }
            _ => sorted.refused.push((at, vec![fault("code", Code::CodeTaken)])),
        }
    }
    let mut next = 0;
    while let Some(code) = ready.get(next).cloned() {
        next += 1;
        ready.extend(children.remove(&code).unwrap_or_default());
        sorted.ordered.extend(waiting.remove(&code));
    }
    for entry in waiting.values() {
        let code = if is_in_a_ring(entry, &waiting) { Code::InvalidValue } else { Code::UnknownReference };
        sorted.refused.push((entry.at, vec![fault("parent", code)]));
    }
    sorted.refused.sort_by_key(|(at, _)| *at);
    sorted
}

/// Whether a way up from the entry leads back to it.
fn is_in_a_ring(entry: &Entry, waiting: &HashMap<String, Entry>) -> bool {
    let own = entry.new.code.as_str();
    let mut above = entry.parent.as_deref();
    for _ in 0..=waiting.len() {
        match above {
            Some(code) if code == own => return true,
            Some(code) => above = waiting.get(code).and_then(|entry| entry.parent.as_deref()),
            None => return false,
        }
    }
    false
}

fn is_same(unit: &Unit, entry: &Entry, there: &HashMap<String, Unit>) -> bool {
    let parent = entry.parent.as_ref().map(|code| there.get(code).map(|unit| unit.id));
    let new = &entry.new;
    unit.name_ar == new.name_ar.as_str()
        && unit.name_en == new.name_en.as_str()
        && unit.governorate == new.governorate
        && unit.parent.map(Some) == parent
}

fn read(at: usize, row: &Row) -> Result<Entry, Problem> {
    let mut faults = Faults::none();
    if !row.is_whole() {
        faults.add("row", Code::InvalidRequest);
    }
    let code = faults.keep("code", required(row, CODE, ShortCode::parse));
    let name_ar = faults.keep("name_ar", required(row, NAME_AR, PlaceName::parse));
    let name_en = faults.keep("name_en", required(row, NAME_EN, PlaceName::parse));
    let governorate = faults.keep("governorate", required(row, GOVERNORATE, governorate_named));
    let parent = match row.cell(PARENT) {
        "" => None,
        text => faults.keep("parent", row.readable(PARENT).and_then(|()| ShortCode::parse(text))),
    };
    let parent = parent.map(|code| code.as_str().to_owned());
    let new =
        code.zip(name_ar).zip(name_en.zip(governorate)).map(|((code, name_ar), (name_en, governorate))| {
            NewUnit { code, name_ar, name_en, parent: None, governorate }
        });
    faults.give(new.map(|new| Entry { at, parent, new }))
}

fn required<T>(row: &Row, at: usize, parse: impl Fn(&str) -> Result<T, Problem>) -> Result<T, Problem> {
    row.readable(at)?;
    let text = row.cell(at);
    if text.is_empty() { Err(Problem::new(Code::MissingField)) } else { parse(text) }
}

fn fault(field: &str, code: Code) -> FieldError {
    FieldError { field: field.to_owned(), code }
}

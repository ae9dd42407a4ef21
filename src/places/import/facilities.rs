//! Facilities out of a file. One that is there already and the same is passed over. Refused: a code that is taken by
//! another, a kind or a governorate that nobody knows.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use shiryan_kernel::ids::UserId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::{Code, Problem, Result};

use super::{fault, required};
use crate::db::{Db, Lane};
use crate::places::{Facility, NewFacility, PlaceName, create_facility, facilities, governorate_named};
use crate::sheets::{Column, ImportError, Manner, Progress, Rejects, Report, Row, Sheet, folded};
use crate::vault::Vault;

const COLUMNS: [Column; 5] = [
    Column { name: "code", also: &["الرمز", "رمز المنشأة"] },
    Column { name: "kind", also: &["النوع"] },
    Column { name: "name_ar", also: &["الاسم بالعربية", "الاسم"] },
    Column { name: "name_en", also: &["الاسم بالإنجليزية"] },
    Column { name: "governorate", also: &["المحافظة"] },
];
/// Places in [`COLUMNS`].
const CODE: usize = 0;
const KIND: usize = 1;
const NAME_AR: usize = 2;
const NAME_EN: usize = 3;
const GOVERNORATE: usize = 4;

/// No country has as many.
const MOST_ROWS: usize = 10_000;
/// Facilities written in one slice.
const SLICE: usize = 64;

/// Imports facilities, or only says what it would do. One that is there is passed over, so a file that stopped is taken
/// again from its start.
///
/// # Errors
/// A file that cannot be read as a whole; the database's own.
pub fn import_facilities(
    db: &Db,
    vault: &Vault,
    by: Option<UserId>,
    path: &Path,
    manner: &Manner,
    mut progress: impl FnMut(Progress) -> Result<()>,
) -> Result<Report, ImportError> {
    let mut sheet = Sheet::open(path, &COLUMNS, &manner.names)?;
    let mut rejects = Rejects::beside(path, sheet.header());
    let there: HashMap<String, Facility> = db
        .read_now(|conn| facilities(conn, 0, i64::MAX))?
        .into_iter()
        .map(|facility| (facility.code.clone(), facility))
        .collect();
    let (mut report, mut new, mut seen) = (Report::default(), Vec::new(), HashSet::new());
    for row in sheet.by_ref() {
        let row = row?;
        report.rows += 1;
        if report.rows > u64::try_from(MOST_ROWS).unwrap_or(u64::MAX) {
            return Err(ImportError::TooManyRows { path: path.to_owned(), most: MOST_ROWS });
        }
        match read(&row) {
            Ok(own) => match (seen.insert(own.code.as_str().to_owned()), there.get(own.code.as_str())) {
                (true, None) => new.push(own),
                (true, Some(facility)) if is_same(facility, &own) => report.skipped += 1,
                _ => {
                    rejects.add(&row, &[fault("code", Code::CodeTaken)])?;
                    report.rejected += 1;
                }
            },
            Err(problem) => {
                rejects.add(&row, &problem.errors)?;
                report.rejected += 1;
            }
        }
    }
    let (bytes, of_bytes) = sheet.progress();
    for slice in new.chunks(SLICE) {
        if !manner.dry_run {
            let (own, vault) = (slice.to_vec(), vault.clone());
            db.write_now(Lane::Bulk, move |tx| {
                own.iter().try_for_each(|own| create_facility(tx, &vault, by, own).map(drop))
            })?;
        }
        report.taken += u64::try_from(slice.len()).unwrap_or(0);
        let rows = report.taken + report.skipped + report.rejected;
        progress(Progress { rows, of_rows: Some(report.rows), rejected: report.rejected, bytes, of_bytes })?;
    }
    report.rejects = rejects.finish()?.0;
    Ok(report)
}

fn is_same(there: &Facility, own: &NewFacility) -> bool {
    there.kind == own.kind
        && there.name_ar == own.name_ar.as_str()
        && there.name_en == own.name_en.as_str()
        && there.governorate == own.governorate
}

fn read(row: &Row) -> Result<NewFacility, Problem> {
    let mut faults = Faults::none();
    if !row.is_whole() {
        faults.add("row", Code::InvalidRequest);
    }
    let code = faults.keep("code", required(row, CODE, ShortCode::parse));
    let kind = faults.keep("kind", required(row, KIND, kind_named));
    let name_ar = faults.keep("name_ar", required(row, NAME_AR, PlaceName::parse));
    let name_en = faults.keep("name_en", required(row, NAME_EN, PlaceName::parse));
    let governorate = faults.keep("governorate", required(row, GOVERNORATE, governorate_named));
    let own = code.zip(kind).zip(name_ar.zip(name_en)).zip(governorate);
    faults.give(own.map(|(((code, kind), (name_ar, name_en)), governorate)| NewFacility {
        code,
        kind,
        name_ar,
        name_en,
        governorate,
    }))
}

/// A kind by its code or its name in either language.
fn kind_named(text: &str) -> Result<FacilityKind> {
    let names = [
        (FacilityKind::Hospital, ["hospital", "مستشفى"]),
        (FacilityKind::BloodBank, ["blood bank", "بنك دم"]),
    ];
    let wanted = folded(&text.replace('_', " "));
    let found = names.iter().find(|(_, names)| names.iter().any(|name| folded(name) == wanted));
    found.map(|(kind, _)| *kind).ok_or_else(|| Problem::new(Code::InvalidValue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_its_code_and_names() {
        for text in ["blood_bank", "Blood bank", "بنك دم"] {
            assert_eq!(kind_named(text), Ok(FacilityKind::BloodBank), "{text}");
        }
        for text in ["hospital", "HOSPITAL", "مستشفى"] {
            assert_eq!(kind_named(text), Ok(FacilityKind::Hospital), "{text}");
        }
        assert!(kind_named("clinic").is_err());
    }
}

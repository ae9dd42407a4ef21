//! Where units went, and their recall: by the number of a donation or by a donor, wherever they are; and what a hospital
//! reports of a unit that it used.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, HospitalReportId, RequestId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{ReportKind, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{store, untested};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::tables::hospital_reports;
use crate::db::{Conn, Tx, feed};
use crate::eligibility::Rulebook;
use crate::stock::rules::{STOPS, check_why};
use crate::stock::{self, BloodUnit, Subject, Why};
use crate::vault::{Place, Vault};

/// A unit and where it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Traced {
    pub id: BloodUnitId,
    pub din: Din,
    pub component: Component,
    /// 0 for an undivided component, else 1, 2, …
    pub division: i32,
    pub blood_group: Option<BloodGroup>,
    pub status: UnitStatus,
    /// Where it lies, or lay last.
    pub facility: FacilityId,
    /// The request for which it was issued last, and the hospital that asked.
    pub request: Option<RequestId>,
    pub issued_to: Option<FacilityId>,
    pub issued_at: Option<DateTime<Utc>>,
    /// When the hospital used it.
    pub used_at: Option<DateTime<Utc>>,
    /// Whether this recall stopped it.
    pub stopped: bool,
}

/// Every unit of a donation or a donor and where it went: for a physician any, for a blood bank where one of them lies or
/// lay on its own shelf or is on its way there.
///
/// # Errors
/// `not_found` where there is none, or none in reach.
pub fn trace(conn: &mut Conn, by: &Principal, subject: Subject) -> Result<Vec<Traced>> {
    let units = stock::units_of(conn, by, subject)?;
    traced(conn, &units, &[])
}

/// Stops every unit of a donation or a donor that can still be stopped, wherever it is, and says of each where it went.
///
/// # Errors
/// As [`trace`]; `invalid_value` of a `reason` that stops nothing; `missing_field` of `note` where the reason is told in
/// words.
pub fn recall(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    subject: Subject,
    why: &Why,
) -> Result<Vec<Traced>> {
    check_why(&STOPS, why.reason, why.note.is_some())?;
    let units = stock::units_of(tx.conn, by, subject)?;
    let stopped = stock::stop_all(tx, vault, by.user, &units, why)?;
    let line = Line::new(Some(by.user), "requests.recalled").with("reason", why.reason);
    audit::record(tx, vault, &line.with("units", &stopped).alert())?;
    let mut again = Vec::with_capacity(units.len());
    for unit in &units {
        again.push(stock::unit(tx.conn, unit.id)?);
    }
    traced(tx.conn, &again, &stopped)
}

fn traced(conn: &mut Conn, units: &[BloodUnit], stopped: &[BloodUnitId]) -> Result<Vec<Traced>> {
    let mut rows = Vec::with_capacity(units.len());
    for unit in units {
        let (request, issued_at, used_at) = match store::issued_for(conn, unit.id)? {
            Some(hold) => (Some(store::request(conn, hold.request)?), hold.ended_at(), hold.used_at()),
            None => match untested::brought(conn, unit.id)? {
                Some(brought) => (Some(brought.request), Some(brought.at), brought.given_at),
                None => (None, None, None),
            },
        };
        rows.push(Traced {
            id: unit.id,
            din: unit.din,
            component: unit.component,
            division: unit.division,
            blood_group: unit.blood_group,
            status: unit.status,
            facility: unit.facility,
            request: request.as_ref().map(|request| request.id),
            issued_to: request.map(|request| request.facility),
            issued_at,
            used_at,
            stopped: stopped.contains(&unit.id),
        });
    }
    Ok(rows)
}

/// A report that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalReported {
    pub id: HospitalReportId,
    pub unit: BloodUnitId,
}

/// What a hospital reported of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HospitalReport {
    pub id: HospitalReportId,
    pub unit: BloodUnitId,
    /// The hospital.
    pub facility: FacilityId,
    pub kind: ReportKind,
    pub note: String,
    pub at: DateTime<Utc>,
    pub by: UserId,
}

/// A hospital's report in the record of changes.
const REPORT: audit::Thing = audit::Thing { name: "hospital_report", tables: &[("hospital_reports", "id")] };

/// Reports a reaction, or an infection that may come from it, of a unit that the own hospital has or had: the unit and
/// its sisters are stopped at once, for an infection all else that the donor gave, and the donor waits until a physician has
/// looked into it.
///
/// # Errors
/// `not_found` of a unit that was not issued to the own hospital.
pub fn report_harm(
    tx: &mut Tx,
    (vault, book): (&Vault, &Rulebook),
    by: &Principal,
    id: BloodUnitId,
    kind: ReportKind,
    note: &Note<500>,
) -> Result<HospitalReported> {
    let own = by.own_facility()?;
    let absent = || Problem::new(Code::NotFound);
    let unit = stock::unit(tx.conn, id)?;
    let (request, bank) = match store::issued_for(tx.conn, id)? {
        Some(hold) => {
            let request = store::request(tx.conn, hold.request)?;
            let bank = request.bank.ok_or_else(absent)?;
            (request, bank)
        }
        None => {
            let brought = untested::brought(tx.conn, id)?.ok_or_else(absent)?;
            (brought.request, brought.bank)
        }
    };
    if request.facility != own {
        return Err(absent());
    }
    let report = HospitalReportId(tx.id());
    diesel::insert_into(hospital_reports::table)
        .values((
            hospital_reports::id.eq(report),
            hospital_reports::blood_unit.eq(id),
            hospital_reports::facility.eq(own),
            hospital_reports::bank.eq(bank),
            hospital_reports::kind.eq(kind),
            hospital_reports::note.eq(vault.house().seal_text(place(report), note.as_str())),
            hospital_reports::made_at.eq(tx.now.naive_utc()),
            hospital_reports::made_by.eq(by.user),
        ))
        .execute(tx.conn)?;
    let of_donor = kind == ReportKind::SuspectedInfection;
    let stopped = stock::stop_family(tx, vault, by.user, &unit, of_donor)?;
    stock::await_physician(tx, (vault, book), by.user, &unit)?;
    let line = Line::new(Some(by.user), "requests.harm_reported").on(report).with("kind", kind);
    audit::made(&REPORT, report.0).record(
        tx,
        vault,
        line.with("unit", id).with("stopped", stopped).alert(),
    )?;
    feed::append(tx, "hospital_report", report.0, kind.code())?;
    Ok(HospitalReported { id: report, unit: id })
}

/// What hospitals reported, after `after`, oldest first: of units that the own blood bank issued, all for a physician.
///
/// # Errors
/// `identity_damaged`.
pub fn reports(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    after: i64,
    limit: i64,
) -> Result<Vec<HospitalReport>> {
    #[derive(Queryable)]
    struct Row {
        id: HospitalReportId,
        unit: BloodUnitId,
        facility: FacilityId,
        kind: ReportKind,
        note: Vec<u8>,
        made_at: NaiveDateTime,
        made_by: UserId,
    }
    let mut rows = hospital_reports::table
        .filter(hospital_reports::id.gt(after))
        .order(hospital_reports::id)
        .limit(limit)
        .select((
            hospital_reports::id,
            hospital_reports::blood_unit,
            hospital_reports::facility,
            hospital_reports::kind,
            hospital_reports::note,
            hospital_reports::made_at,
            hospital_reports::made_by,
        ))
        .into_boxed();
    if by.role != Role::Physician {
        rows = rows.filter(hospital_reports::bank.eq(by.own_facility()?));
    }
    let rows: Vec<Row> = rows.load(conn)?;
    let open = |row: Row| {
        Ok(HospitalReport {
            id: row.id,
            unit: row.unit,
            facility: row.facility,
            kind: row.kind,
            note: vault.house().open_text(place(row.id), &row.note)?,
            at: row.made_at.and_utc(),
            by: row.made_by,
        })
    };
    rows.into_iter().map(open).collect()
}

/// Seals notes of at most `limit` reports after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let rows: Vec<(HospitalReportId, Vec<u8>)> = hospital_reports::table
        .filter(hospital_reports::id.gt(after))
        .order(hospital_reports::id)
        .limit(limit)
        .select((hospital_reports::id, hospital_reports::note))
        .load(tx.conn)?;
    let last = rows.last().map(|(id, _)| id.0);
    for (id, note) in rows {
        diesel::update(hospital_reports::table.find(id.0))
            .set(hospital_reports::note.eq(new.reseal(old, place(id), &note)))
            .execute(tx.conn)?;
    }
    Ok(last)
}

const fn place(id: HospitalReportId) -> Place {
    Place::of("hospital_reports", "note", id.0)
}

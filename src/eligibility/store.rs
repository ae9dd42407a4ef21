//! Rows of givings, sealed deferrals and windows.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DeferralId, DonorId, GivingId, UserId};
use shiryan_kernel::{Code, Problem, Result};

use super::record::{GivingSource, NewGiving};
use super::{DeferralFact, Giving, RuleSet, Window};
use crate::db::tables::{deferrals, giving_windows, givings};
use crate::db::{Conn, Tx, insert_all};
use crate::vault::{Place, SealingKey};

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = givings, treat_none_as_default_value = false)]
pub struct GivingRow {
    pub id: GivingId,
    pub donor: DonorId,
    pub given_on: NaiveDate,
    pub donation_type: DonationType,
    /// 0 where nobody knows.
    pub volume_ml: i32,
    pub red_cells_lost: bool,
    pub source: GivingSource,
    pub corrects: Option<GivingId>,
    pub recorded_at: NaiveDateTime,
}

impl GivingRow {
    pub fn new(id: GivingId, new: &NewGiving, corrects: Option<GivingId>, at: NaiveDateTime) -> Self {
        Self {
            id,
            donor: new.donor,
            given_on: new.on,
            donation_type: new.donation_type,
            volume_ml: new.volume_ml.map_or(0, i32::from),
            red_cells_lost: new.red_cells_lost,
            source: new.source,
            corrects,
            recorded_at: at,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = giving_windows, treat_none_as_default_value = false)]
pub struct WindowRow {
    pub donor: DonorId,
    pub donation_type: DonationType,
    pub place: i32,
    pub from_on: NaiveDate,
    pub until_on: Option<NaiveDate>,
    pub rule_set: String,
}

/// A donor's windows as rows, numbered within each donation type.
pub fn window_rows(donor: DonorId, rule_set: &RuleSet, windows: &[(DonationType, Window)]) -> Vec<WindowRow> {
    let stamp = format!("{}:{}", rule_set.code, rule_set.version);
    let mut rows: Vec<WindowRow> = Vec::with_capacity(windows.len());
    for (donation_type, window) in windows {
        let before = rows.last().filter(|row| row.donation_type == *donation_type);
        let place = before.map_or(0, |row| row.place + 1);
        rows.push(WindowRow {
            donor,
            donation_type: *donation_type,
            place,
            from_on: window.from,
            until_on: window.until,
            rule_set: stamp.clone(),
        });
    }
    rows
}

pub fn insert_giving(tx: &mut Tx, id: GivingId, new: &NewGiving, corrects: Option<GivingId>) -> Result<()> {
    let row = GivingRow::new(id, new, corrects, tx.now.naive_utc());
    insert_givings(tx.conn, &[row])
}

pub fn insert_givings(conn: &mut Conn, rows: &[GivingRow]) -> Result<()> {
    insert_all!(conn => givings::table, rows)?;
    Ok(())
}

pub fn giving_of(conn: &mut Conn, id: GivingId, donor: DonorId) -> Result<()> {
    givings::table.find(id.0).filter(givings::donor.eq(donor)).select(givings::id).first::<i64>(conn)?;
    Ok(())
}

/// The givings that count: lines that no later line corrects.
pub fn givings(conn: &mut Conn, donor: DonorId) -> Result<Vec<Giving>> {
    type Row = (i64, NaiveDate, DonationType, i32, bool, Option<i64>);
    let rows: Vec<Row> = givings::table
        .filter(givings::donor.eq(donor))
        .order((givings::given_on, givings::id))
        .select((
            givings::id,
            givings::given_on,
            givings::donation_type,
            givings::volume_ml,
            givings::red_cells_lost,
            givings::corrects,
        ))
        .load(conn)?;
    let corrected: Vec<i64> = rows.iter().filter_map(|row| row.5).collect();
    let standing = rows.into_iter().filter(|row| !corrected.contains(&row.0));
    Ok(standing
        .map(|(_, on, donation_type, volume_ml, red_cells_lost, _)| Giving {
            on,
            donation_type,
            completed: true,
            volume_ml: u16::try_from(volume_ml).ok().filter(|volume| *volume > 0),
            // The line says that the loss was large, not how large.
            red_cells_lost_ml: Some(if red_cells_lost { u16::MAX } else { 0 }),
        })
        .collect())
}

pub fn insert_deferral(
    tx: &mut Tx,
    id: DeferralId,
    donor: DonorId,
    by: Option<UserId>,
    key: &SealingKey,
    fact: &DeferralFact,
) -> Result<()> {
    diesel::insert_into(deferrals::table)
        .values((
            deferrals::id.eq(id),
            deferrals::donor.eq(donor),
            deferrals::cause.eq(key.seal_text(place(id), &write_cause(fact))),
            deferrals::recorded_on.eq(fact.recorded_on),
            deferrals::recorded_at.eq(tx.now.naive_utc()),
            deferrals::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Every deferral with its cause opened, oldest first.
pub fn deferrals(
    conn: &mut Conn,
    donor: DonorId,
    key: &SealingKey,
) -> Result<Vec<(DeferralId, DeferralFact)>> {
    type Row = (DeferralId, Vec<u8>, NaiveDate, Option<NaiveDate>);
    let rows: Vec<Row> = deferrals::table
        .filter(deferrals::donor.eq(donor))
        .order(deferrals::id)
        .select((deferrals::id, deferrals::cause, deferrals::recorded_on, deferrals::lifted_on))
        .load(conn)?;
    let open = |(id, sealed, recorded_on, lifted_on): Row| {
        let text = key.open_text(place(id), &sealed)?;
        let fact = read_cause(&text, recorded_on).ok_or_else(|| Problem::new(Code::IdentityDamaged))?;
        Ok((id, DeferralFact { withdrawn_on: lifted_on, ..fact }))
    };
    rows.into_iter().map(open).collect()
}

/// Code and three dates, the absent ones dashed: whatever the cause, the sealed cell is equally long.
fn write_cause(fact: &DeferralFact) -> String {
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "----------".to_owned(), |day| day.to_string());
    format!("{}|{}|{}|{}", day(fact.base), day(fact.second_base), day(fact.ended_on), fact.code)
}

fn read_cause(text: &str, recorded_on: NaiveDate) -> Option<DeferralFact> {
    let day = |text: &str| match text {
        "----------" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let mut parts = text.splitn(4, '|');
    let (base, second_base, ended_on) = (day(parts.next()?)?, day(parts.next()?)?, day(parts.next()?)?);
    let fact = DeferralFact::new(parts.next()?, base, recorded_on);
    Some(DeferralFact { second_base, ended_on, ..fact })
}

const fn place(id: DeferralId) -> Place {
    Place::of("deferrals", "cause", id.0)
}

/// Puts these windows in the place of the donor's own; whether anything changed.
pub fn replace_windows(conn: &mut Conn, donor: DonorId, rows: &[WindowRow]) -> Result<bool> {
    let now: Vec<WindowRow> = giving_windows::table
        .filter(giving_windows::donor.eq(donor))
        .order((giving_windows::donation_type, giving_windows::place))
        .load(conn)?;
    let mut sorted: Vec<&WindowRow> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.donation_type.code(), row.place));
    if now.iter().eq(sorted) {
        return Ok(false);
    }
    diesel::delete(giving_windows::table.filter(giving_windows::donor.eq(donor))).execute(conn)?;
    insert_windows(conn, rows)?;
    Ok(true)
}

pub fn insert_windows(conn: &mut Conn, rows: &[WindowRow]) -> Result<()> {
    insert_all!(conn => giving_windows::table, rows)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_equally_long_when_sealed() {
        let key = crate::vault::Vault::new(crate::vault::RootKey::from_bytes([7; 32])).new_donor_key(1).0;
        let date: NaiveDate = "2026-03-01".parse().unwrap();
        let catalogue = super::super::Catalogue::built_in().unwrap();
        let mut sizes = Vec::new();
        for entry in catalogue.entries() {
            for base in [None, Some(date)] {
                let fact = DeferralFact { ended_on: base, ..DeferralFact::new(&entry.code, base, date) };
                let text = write_cause(&fact);
                assert_eq!(read_cause(&text, date).unwrap(), fact);
                sizes.push(key.seal_text(place(DeferralId(1)), &text).len());
            }
        }
        sizes.dedup();
        assert_eq!(sizes.len(), 1, "{sizes:?}");
    }
}

//! Rows of givings, sealed deferrals and windows.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::day::Day;
use shiryan_kernel::ids::{AllowanceId, ApprovalId, DecisionId, DeferralId, DonorId, GivingId, UserId};
use shiryan_kernel::{Code, Problem, Result};

use super::ledger::{DeferralLine, Event, GivingLine};
use super::record::{GivingSource, NewGiving};
use super::{Allowance, Decision, DeferralFact, Giving, RuleSet, Window};
use crate::db::tables::{allowances, decisions, deferrals, giving_windows, givings};
use crate::db::{Conn, Tx, insert_all};
use crate::vault::{Place, SealingKey};

/// First and last donor of a span of ids.
pub type Span = (i64, i64);

/// The span of one donor.
pub const fn one(donor: DonorId) -> Span {
    (donor.0, donor.0)
}

/// Rows of many donors, to be taken donor by donor.
#[derive(Debug)]
pub struct ByDonor<T>(HashMap<DonorId, Vec<T>>);

impl<T> ByDonor<T> {
    fn of(rows: impl IntoIterator<Item = (DonorId, T)>) -> Self {
        let mut by_donor: HashMap<DonorId, Vec<T>> = HashMap::new();
        for (donor, row) in rows {
            by_donor.entry(donor).or_default().push(row);
        }
        Self(by_donor)
    }

    /// Drops those rows of a donor that are not to be kept.
    pub fn retain(&mut self, donor: DonorId, keep: impl Fn(&T) -> bool) {
        if let Some(rows) = self.0.get_mut(&donor) {
            rows.retain(keep);
        }
    }

    /// A donor's rows, once.
    pub fn take(&mut self, donor: DonorId) -> Vec<T> {
        self.0.remove(&donor).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = givings, treat_none_as_default_value = false)]
pub struct GivingRow {
    pub id: GivingId,
    pub donor: DonorId,
    pub given_on: Day,
    pub donation_type: DonationType,
    /// 0 where nobody knows.
    pub volume_ml: i32,
    pub red_cells_lost: bool,
    pub source: GivingSource,
    pub corrects: Option<GivingId>,
    pub voided: bool,
    pub approval: Option<ApprovalId>,
    pub recorded_at: NaiveDateTime,
}

impl GivingRow {
    pub fn new(id: GivingId, new: &NewGiving, at: NaiveDateTime) -> Self {
        Self {
            id,
            donor: new.donor,
            given_on: Day(new.on),
            donation_type: new.donation_type,
            volume_ml: new.volume_ml.map_or(0, i32::from),
            red_cells_lost: new.red_cells_lost,
            source: new.source,
            corrects: None,
            voided: false,
            approval: None,
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
    pub from_on: Day,
    pub until_on: Option<Day>,
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
            from_on: Day(window.from),
            until_on: window.until.map(Day),
            rule_set: stamp.clone(),
        });
    }
    rows
}

pub fn insert_givings(conn: &mut Conn, rows: &[GivingRow]) -> Result<()> {
    insert_all!(conn => givings::table, rows)?;
    Ok(())
}

/// Whose line of the ledger of givings it is.
pub fn giver(conn: &mut Conn, id: GivingId) -> Result<DonorId> {
    Ok(givings::table.find(id.0).select(givings::donor).first(conn)?)
}

/// Where the giving of a line is known from.
pub fn giving_source(conn: &mut Conn, id: GivingId) -> Result<GivingSource> {
    Ok(givings::table.find(id.0).select(givings::source).first(conn)?)
}

/// Lines of givings by donor, each donor's by the day of giving.
pub fn giving_lines(conn: &mut Conn, donors: Span) -> Result<ByDonor<GivingLine>> {
    type Row = (
        DonorId,
        GivingId,
        NaiveDate,
        DonationType,
        i32,
        bool,
        GivingSource,
        Option<GivingId>,
        bool,
        NaiveDateTime,
    );
    let rows: Vec<Row> = givings::table
        .filter(givings::donor.between(donors.0, donors.1))
        .order((givings::donor, givings::given_on, givings::id))
        .select((
            givings::donor,
            givings::id,
            givings::given_on,
            givings::donation_type,
            givings::volume_ml,
            givings::red_cells_lost,
            givings::source,
            givings::corrects,
            givings::voided,
            givings::recorded_at,
        ))
        .load(conn)?;
    let line = |row: Row| {
        let (donor, id, on, donation_type, volume_ml, red_cells_lost, source, corrects, voided, recorded_at) =
            row;
        let says = Giving {
            on,
            donation_type,
            completed: true,
            volume_ml: u16::try_from(volume_ml).ok().filter(|volume| *volume > 0),
            // The line says that the loss was large, not how large.
            red_cells_lost_ml: Some(if red_cells_lost { u16::MAX } else { 0 }),
        };
        (donor, GivingLine { id, corrects, voided, source, says, recorded_at })
    };
    Ok(ByDonor::of(rows.into_iter().map(line)))
}

/// Appends a line. Lines of one deferral follow each other by their `step`; two at once are `state_conflict`.
pub fn insert_deferral(
    tx: &mut Tx,
    donor: DonorId,
    by: Option<UserId>,
    key: &SealingKey,
    line: &DeferralLine,
    approval: Option<ApprovalId>,
) -> Result<()> {
    let about = (line.about != line.id).then_some(line.about);
    let step = match about {
        None => 0,
        Some(about) => {
            let of = deferrals::table.filter(deferrals::about.eq(about));
            let last: Option<i32> = of.select(diesel::dsl::max(deferrals::step)).first(tx.conn)?;
            last.unwrap_or(0) + 1
        }
    };
    diesel::insert_into(deferrals::table)
        .values((
            deferrals::id.eq(line.id),
            deferrals::donor.eq(donor),
            deferrals::about.eq(about),
            deferrals::step.eq(step),
            deferrals::cause.eq(key.seal_text(place(line.id), &write_says(line.event, &line.says))),
            deferrals::recorded_on.eq(line.says.recorded_on),
            deferrals::recorded_at.eq(tx.now.naive_utc()),
            deferrals::recorded_by.eq(by),
            deferrals::approval.eq(approval),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whose deferral it is.
pub fn deferred(conn: &mut Conn, id: DeferralId) -> Result<DonorId> {
    let own = deferrals::table.find(id.0).filter(deferrals::about.is_null());
    Ok(own.select(deferrals::donor).first(conn)?)
}

/// A line of the ledger of deferrals whose words are sealed.
#[derive(Debug, Queryable)]
pub struct SealedDeferral {
    id: DeferralId,
    about: Option<DeferralId>,
    cause: Vec<u8>,
    recorded_on: NaiveDate,
    recorded_at: NaiveDateTime,
}

impl SealedDeferral {
    /// # Errors
    /// `identity_damaged` when it was changed or moved.
    pub fn open(self, key: &SealingKey) -> Result<DeferralLine> {
        let Self { id, about, cause, recorded_on, recorded_at } = self;
        let text = key.open_text(place(id), &cause)?;
        let (event, says) =
            read_says(&text, recorded_on).ok_or_else(|| Problem::new(Code::IdentityDamaged))?;
        let says = DeferralFact { recorded_at: Some(recorded_at), ..says };
        Ok(DeferralLine { id, about: about.unwrap_or(id), event, says })
    }
}

/// Lines of deferrals by donor: what was entered, oldest first, then what became of it, step by step.
pub fn sealed_deferrals(conn: &mut Conn, donors: Span) -> Result<ByDonor<SealedDeferral>> {
    let rows: Vec<(DonorId, SealedDeferral)> = deferrals::table
        .filter(deferrals::donor.between(donors.0, donors.1))
        .order((deferrals::donor, deferrals::step, deferrals::id))
        .select((
            deferrals::donor,
            (
                deferrals::id,
                deferrals::about,
                deferrals::cause,
                deferrals::recorded_on,
                deferrals::recorded_at,
            ),
        ))
        .load(conn)?;
    Ok(ByDonor::of(rows))
}

/// One donor's lines of deferrals with what they say opened, in the order of [`sealed_deferrals`].
pub fn deferral_lines(conn: &mut Conn, donor: DonorId, key: &SealingKey) -> Result<Vec<DeferralLine>> {
    let mut sealed = sealed_deferrals(conn, one(donor))?;
    sealed.take(donor).into_iter().map(|line| line.open(key)).collect()
}

/// Event, four dates, the absent ones dashed, and code: whatever it says, the sealed cell is equally long.
pub fn write_says(event: Event, fact: &DeferralFact) -> String {
    let event = match event {
        Event::Entered => 'e',
        Event::Ended => 'x',
        Event::Corrected => 'c',
        Event::Withdrawn => 'w',
    };
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "----------".to_owned(), |day| day.to_string());
    let days = [fact.base, fact.second_base, fact.ended_on, fact.noted_on].map(day).join("|");
    format!("{event}|{days}|{}", fact.code)
}

pub fn read_says(text: &str, recorded_on: NaiveDate) -> Option<(Event, DeferralFact)> {
    let day = |text: &str| match text {
        "----------" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let mut parts = text.splitn(6, '|');
    let event = match parts.next()? {
        "e" => Event::Entered,
        "x" => Event::Ended,
        "c" => Event::Corrected,
        "w" => Event::Withdrawn,
        _ => return None,
    };
    let (base, second_base) = (day(parts.next()?)?, day(parts.next()?)?);
    let (ended_on, noted_on) = (day(parts.next()?)?, day(parts.next()?)?);
    let fact = DeferralFact::new(parts.next()?, base, recorded_on);
    Some((event, DeferralFact { second_base, ended_on, noted_on, ..fact }))
}

const fn place(id: DeferralId) -> Place {
    Place::of("deferrals", "cause", id.0)
}

pub fn insert_allowance(
    tx: &mut Tx,
    id: AllowanceId,
    donor: DonorId,
    by: UserId,
    key: &SealingKey,
    allowance: &Allowance,
    reason: &str,
) -> Result<()> {
    diesel::insert_into(allowances::table)
        .values((
            allowances::id.eq(id),
            allowances::donor.eq(donor),
            allowances::cause.eq(key.seal_text(allowance_place("cause", id), &allowance.code)),
            allowances::reason.eq(key.seal_text(allowance_place("reason", id), reason)),
            allowances::allowed_on.eq(allowance.on),
            allowances::recorded_at.eq(tx.now.naive_utc()),
            allowances::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// A leave whose words are sealed.
#[derive(Debug, Queryable)]
pub struct SealedAllowance {
    pub id: AllowanceId,
    cause: Vec<u8>,
    reason: Vec<u8>,
    allowed_on: NaiveDate,
    pub recorded_at: NaiveDateTime,
    pub recorded_by: UserId,
}

impl SealedAllowance {
    /// # Errors
    /// `identity_damaged` when it was changed or moved.
    pub fn open(&self, key: &SealingKey) -> Result<Allowance> {
        let code = key.open_text(allowance_place("cause", self.id), &self.cause)?;
        Ok(Allowance { code, on: self.allowed_on, at: Some(self.recorded_at) })
    }

    /// # Errors
    /// As [`SealedAllowance::open`].
    pub fn reason(&self, key: &SealingKey) -> Result<String> {
        key.open_text(allowance_place("reason", self.id), &self.reason)
    }
}

/// Leaves by donor, oldest first.
pub fn sealed_allowances(conn: &mut Conn, donors: Span) -> Result<ByDonor<SealedAllowance>> {
    let rows: Vec<(DonorId, SealedAllowance)> = allowances::table
        .filter(allowances::donor.between(donors.0, donors.1))
        .order((allowances::donor, allowances::id))
        .select((
            allowances::donor,
            (
                allowances::id,
                allowances::cause,
                allowances::reason,
                allowances::allowed_on,
                allowances::recorded_at,
                allowances::recorded_by,
            ),
        ))
        .load(conn)?;
    Ok(ByDonor::of(rows))
}

const fn allowance_place(column: &'static str, id: AllowanceId) -> Place {
    Place::of("allowances", column, id.0)
}

/// What a kept decision says openly.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct DecisionLine {
    pub donation_type: DonationType,
    pub on: NaiveDate,
    /// Code and version, `default:1`.
    pub rule_set: String,
    /// UTC.
    pub decided_at: NaiveDateTime,
    pub decided_by: UserId,
}

pub fn insert_decision(
    tx: &mut Tx,
    id: DecisionId,
    donor: DonorId,
    by: UserId,
    decision: &Decision,
    answer: Vec<u8>,
) -> Result<()> {
    let stamp = &decision.rule_set;
    diesel::insert_into(decisions::table)
        .values((
            decisions::id.eq(id),
            decisions::donor.eq(donor),
            decisions::donation_type.eq(decision.donation_type),
            decisions::decided_for.eq(decision.on),
            decisions::rule_set.eq(format!("{}:{}", stamp.code, stamp.version)),
            decisions::answer.eq(answer),
            decisions::decided_at.eq(tx.now.naive_utc()),
            decisions::decided_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// A donor's kept decisions after `after`, oldest first, with what is sealed of them.
pub fn decisions(
    conn: &mut Conn,
    donor: DonorId,
    after: i64,
    limit: i64,
) -> Result<Vec<(DecisionId, DecisionLine, Vec<u8>)>> {
    Ok(decisions::table
        .filter(decisions::donor.eq(donor))
        .filter(decisions::id.gt(after))
        .order(decisions::id)
        .limit(limit)
        .select((
            decisions::id,
            (
                decisions::donation_type,
                decisions::decided_for,
                decisions::rule_set,
                decisions::decided_at,
                decisions::decided_by,
            ),
            decisions::answer,
        ))
        .load(conn)?)
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
                let fact = DeferralFact {
                    ended_on: base,
                    noted_on: base,
                    ..DeferralFact::new(&entry.code, base, date)
                };
                for event in [Event::Entered, Event::Ended, Event::Corrected, Event::Withdrawn] {
                    let text = write_says(event, &fact);
                    assert_eq!(read_says(&text, date).unwrap(), (event, fact.clone()));
                    sizes.push(key.seal_text(place(DeferralId(1)), &text).len());
                }
            }
        }
        sizes.dedup();
        assert_eq!(sizes.len(), 1, "{sizes:?}");
    }
}

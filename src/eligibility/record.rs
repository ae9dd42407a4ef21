//! What was given and what stands in the way, recorded with the windows that follow from it.
//!
//! Each change rewrites the donor's windows in the same transaction, so that no list can offer a donor
//! whom a decision would refuse. A cause is sealed under the donor's own key.

use chrono::{NaiveDate, NaiveDateTime};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DeferralId, DonorId, GivingId, UserId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};

use super::enter::DEFERRALS;
use super::ledger::{DeferralLine, Event, GivingLine, standing_deferrals, standing_givings};
use super::merged::unite;
use super::store::{self, ByDonor, GivingRow, SealedAllowance, SealedDeferral, Span};
use super::{Decision, Declared, DeferralFact, DonorFacts, Rulebook, decide, windows};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Db, Lane, Tx, feed};
use crate::donors::{self, Known, NewDonor, Registered};
use crate::vault::Vault;

/// The most that a bag or an apheresis holds, in mL.
pub const MOST_ML: u16 = 2_000;

shiryan_kernel::word! {
    /// Where a giving is known from.
    pub enum GivingSource {
        Donation = "donation",
        Import = "import",
    }
}

/// A giving to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewGiving {
    pub donor: DonorId,
    /// The civil day of giving, not of entry.
    pub on: NaiveDate,
    pub donation_type: DonationType,
    /// mL; absent where nobody knows.
    pub volume_ml: Option<u16>,
    /// Red cells were lost and not returned, so much that it counts as whole blood too.
    pub red_cells_lost: bool,
    pub source: GivingSource,
}

/// A deferral to be recorded, by a code of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeferral {
    pub donor: DonorId,
    pub code: String,
    /// Day of the base event; absent is open-ended and needs the physician.
    pub base: Option<NaiveDate>,
    /// Day of the second base event of a cause that has two.
    pub second_base: Option<NaiveDate>,
    /// The event that ends an open cause, when it has come already.
    pub ended_on: Option<NaiveDate>,
}

/// Registers a donor and writes the first windows.
///
/// # Errors
/// As [`donors::register`].
pub fn enrol(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    new: &NewDonor,
) -> Result<Registered> {
    let made = donors::register(tx, vault, by, new)?;
    rewrite_windows(tx, vault, book, made.id)?;
    Ok(made)
}

/// What the rules know of a donor, over all records of the person; with `known_by`, what was known by the end
/// of that day.
///
/// # Errors
/// `not_found`; `identity_damaged` when a sealed fact was changed or moved.
pub fn facts_of(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    donor: DonorId,
    known_by: Option<NaiveDate>,
) -> Result<DonorFacts> {
    let records = donors::records_of(conn, donor, known_by.map(|day| book.end_of(day).naive_utc()))?;
    let Some(since) = records.since else { return record_of(conn, vault, book, donor, known_by, None) };
    let mut each = Vec::with_capacity(records.all.len());
    for record in &records.all {
        each.push(record_of(conn, vault, book, *record, known_by, Some(since))?);
    }
    Ok(DonorFacts { is_alias: records.survivor != donor, ..unite(each) })
}

/// What one record says for itself, with those allowances alone that were given `since`.
fn record_of(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    donor: DonorId,
    known_by: Option<NaiveDate>,
    since: Option<NaiveDateTime>,
) -> Result<DonorFacts> {
    let Some(known) = donors::unless_erased(conn, vault, donor)? else {
        return Ok(DonorFacts { status: DonorStatus::Erased, ..DonorFacts::unknown() });
    };
    let mut history = History::read(conn, store::one(donor))?;
    if let Some(since) = since {
        history.allowances.retain(donor, |leave| leave.recorded_at > since);
    }
    history.facts(book, &known, known_by)
}

/// What every donor of a span gave, was deferred for and was allowed; read at once, opened one by one.
#[derive(Debug)]
pub(super) struct History {
    givings: ByDonor<GivingLine>,
    deferrals: ByDonor<SealedDeferral>,
    allowances: ByDonor<SealedAllowance>,
}

impl History {
    /// # Errors
    /// As any read.
    pub fn read(conn: &mut Conn, span: Span) -> Result<Self> {
        Ok(Self {
            givings: store::giving_lines(conn, span)?,
            deferrals: store::sealed_deferrals(conn, span)?,
            allowances: store::sealed_allowances(conn, span)?,
        })
    }

    /// One record's facts; a donor's history is taken once.
    ///
    /// # Errors
    /// `identity_damaged` when a sealed fact was changed or moved.
    pub fn facts(
        &mut self,
        book: &Rulebook,
        known: &Known,
        known_by: Option<NaiveDate>,
    ) -> Result<DonorFacts> {
        let mut facts = facts_from(known, book);
        let before = known_by.map(|day| book.end_of(day).naive_utc());
        let givings = standing_givings(self.givings.take(known.id), before);
        facts.givings = givings.into_iter().map(|line| line.says).collect();
        let lines = self.deferrals.take(known.id).into_iter().map(|line| line.open(&known.key));
        let deferrals = standing_deferrals(&lines.collect::<Result<Vec<_>>>()?, known_by);
        facts.deferrals = deferrals.into_iter().map(|one| one.fact).collect();
        let allowances = self.allowances.take(known.id).into_iter().map(|leave| leave.open(&known.key));
        facts.allowances = allowances.collect::<Result<_>>()?;
        Ok(match known_by {
            Some(day) => facts.known_by(day),
            None => facts,
        })
    }
}

/// A donor's own facts, without history. The count of givings was stated on the day of registration.
fn facts_from(known: &Known, book: &Rulebook) -> DonorFacts {
    let declared = |count| Declared { count, on: book.today(known.recorded_at.and_utc()) };
    DonorFacts {
        sex: known.sex,
        birth_date: known.birth_date,
        weight_kg: known.weight_kg,
        height_cm: known.height_cm,
        status: known.status,
        paused_until: known.paused_until,
        group_discrepancy: known.group_discrepancy,
        typed_group: known.typed_group,
        never_screened_here: !known.screened,
        declared: known.declared_12_months.map(declared),
        ..DonorFacts::unknown()
    }
}

/// Decides for one donation type on one day. A past day is replayed with what was known then.
///
/// # Errors
/// As [`facts_of`].
pub fn decide_for(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    donor: DonorId,
    asked: DonationType,
    on: NaiveDate,
    today: NaiveDate,
) -> Result<Decision> {
    let facts = facts_of(conn, vault, book, donor, (on < today).then_some(on))?;
    Ok(decide(book.in_force(on)?, book.catalogue(), &facts, asked, on))
}

/// Records a giving and rewrites the donor's windows. One that was collected here says that the donor
/// was screened here.
///
/// # Errors
/// `out_of_range` for a day to come; as [`facts_of`].
pub fn record_giving(tx: &mut Tx, vault: &Vault, book: &Rulebook, new: &NewGiving) -> Result<GivingId> {
    if new.on > book.today(tx.now) {
        return Err(Problem::field("given_on", Code::OutOfRange));
    }
    let id = GivingId(tx.id());
    store::insert_givings(tx.conn, &[GivingRow::new(id, new, tx.now.naive_utc())])?;
    if new.source == GivingSource::Donation {
        donors::mark_screened(tx, new.donor)?;
    }
    rewrite_windows(tx, vault, book, new.donor)?;
    Ok(id)
}

/// Records a deferral and rewrites the donor's windows.
///
/// # Errors
/// As [`check_deferral`] and [`facts_of`].
pub fn defer(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: Option<UserId>,
    new: &NewDeferral,
) -> Result<DeferralId> {
    let today = book.today(tx.now);
    let fact = DeferralFact {
        second_base: new.second_base,
        ended_on: new.ended_on,
        ..DeferralFact::new(new.code.clone(), new.base, today)
    };
    let mut faults = Faults::none();
    check_deferral(book, &fact, today, "", &mut faults);
    faults.settle()?;
    let known = donors::known(tx.conn, vault, new.donor)?;
    let id = DeferralId(tx.id());
    let line = DeferralLine { id, about: id, event: Event::Entered, says: fact };
    let seen = audit::seen(tx.conn, vault, &DEFERRALS, new.donor.0)?;
    store::insert_deferral(tx, new.donor, by, &known.key, &line, None)?;
    seen.record(tx, vault, Line::new(by, "eligibility.deferred").on(new.donor))?;
    rewrite_windows(tx, vault, book, new.donor)?;
    Ok(id)
}

/// Notes what cannot be true of a deferral; `at` stands before each field's name.
///
/// `unknown_reference` of a `code` that the catalogue does not have; `out_of_range` of a day to come or
/// before 1900; `invalid_value` of a second base or an end that the cause does not have: nobody shall believe
/// that it was counted.
pub fn check_deferral(book: &Rulebook, fact: &DeferralFact, today: NaiveDate, at: &str, faults: &mut Faults) {
    let Some(entry) = book.catalogue().get(&fact.code) else {
        faults.add(format!("{at}code"), Code::UnknownReference);
        return;
    };
    for (field, day, is_had) in [
        ("base", fact.base, true),
        ("second_base", fact.second_base, entry.bases() > 1),
        ("ended_on", fact.ended_on, entry.ends_by_event()),
    ] {
        let Some(day) = day else { continue };
        if is_had {
            faults.keep(&format!("{at}{field}"), past_day(day, today));
        } else {
            faults.add(format!("{at}{field}"), Code::InvalidValue);
        }
    }
    if entry.ends_by_event() && fact.base.zip(fact.ended_on).is_some_and(|(base, ended)| ended < base) {
        faults.add(format!("{at}ended_on"), Code::OutOfRange);
    }
}

/// Writes the donor's windows anew from today on, and those of every other record of the person.
///
/// # Errors
/// As [`facts_of`].
pub fn rewrite_windows(tx: &mut Tx, vault: &Vault, book: &Rulebook, donor: DonorId) -> Result<()> {
    for record in donors::records_of(tx.conn, donor, None)?.all {
        rewrite_record(tx, vault, book, record)?;
    }
    Ok(())
}

fn rewrite_record(tx: &mut Tx, vault: &Vault, book: &Rulebook, donor: DonorId) -> Result<()> {
    let facts = facts_of(tx.conn, vault, book, donor, None)?;
    let today = book.today(tx.now);
    let rule_set = book.in_force(today)?;
    let rows = store::window_rows(donor, rule_set, &windows(rule_set, book.catalogue(), &facts, today));
    if store::replace_windows(tx.conn, donor, &rows)? {
        feed::append(tx, "donor", donor.0, "windows")?;
    }
    Ok(())
}

/// How many donors one slice of bulk work rewrites: a few milliseconds.
const SLICE: i64 = 64;

/// Rewrites the windows of every donor, in slices that let others write between them: after a new rule
/// set came into force, and each day for windows that have passed. Windows that stay are not written.
/// `progress` gets the number of donors done.
///
/// # Errors
/// As [`facts_of`]; `busy` when the database is.
pub fn rewrite_all_windows(
    db: &Db,
    vault: &Vault,
    book: &std::sync::Arc<Rulebook>,
    mut progress: impl FnMut(u64),
) -> Result<u64> {
    let (mut after, mut done) = (0_i64, 0_u64);
    loop {
        let (vault, book) = (vault.clone(), book.clone());
        let slice = db.write_now(Lane::Bulk, move |tx| rewrite_slice(tx, &vault, &book, after))?;
        let Some((last, count)) = slice else { return Ok(done) };
        after = last;
        done += count;
        progress(done);
    }
}

/// Rewrites the donors after `after`; the last of them and how many, none at the end. A donor of whom a sealed
/// fact does not open has no window: what is not known opens no door, and keeps nobody else waiting.
fn rewrite_slice(tx: &mut Tx, vault: &Vault, book: &Rulebook, after: i64) -> Result<Option<(i64, u64)>> {
    let today = book.today(tx.now);
    let rule_set = book.in_force(today)?;
    let slice = donors::known_all(tx.conn, vault, after, SLICE)?;
    let (Some((first, _)), Some((last, _))) = (slice.first(), slice.last()) else { return Ok(None) };
    let (first, last) = (first.0, last.0);
    let mut history = History::read(tx.conn, (first, last))?;
    let merged = donors::merged_between(tx.conn, (first, last))?;
    let mut count = 0;
    for (donor, known) in &slice {
        count += 1;
        let facts = match known {
            _ if merged.contains(donor) => facts_of(tx.conn, vault, book, *donor, None),
            Ok(known) => history.facts(book, known, None),
            Err(problem) => Err(problem.clone()),
        };
        let rows = match facts {
            Ok(facts) => {
                store::window_rows(*donor, rule_set, &windows(rule_set, book.catalogue(), &facts, today))
            }
            Err(problem) if problem.code == Code::IdentityDamaged => {
                let cause = problem.cause.as_deref().unwrap_or_default();
                tracing::error!(cause, "a donor's facts do not open: no window of giving");
                Vec::new()
            }
            Err(problem) => return Err(problem),
        };
        if store::replace_windows(tx.conn, *donor, &rows)? {
            feed::append(tx, "donor", donor.0, "windows")?;
        }
    }
    Ok(Some((last, count)))
}

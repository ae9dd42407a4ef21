//! The rows of a file, cell for column as the import reads them.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};
use shiryan_kernel::Result;
use shiryan_kernel::blood::GroupEvidence;
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::status::DonorStatus;

use super::super::enter::sees;
use super::super::facts::{Declared, DeferralFact, DonorFacts, Giving};
use super::super::ledger::{DeferralLine, GivingLine, standing_deferrals, standing_givings};
use super::super::store::{self, ByDonor, SealedDeferral, Span};
use super::super::{Rulebook, Viewer, history, import};
use super::Register;
use crate::db::Conn;
use crate::donors::{self, Scope, Whole};
use crate::vault::Vault;

type Cells = Vec<String>;

/// The columns of a file.
pub fn header(register: Register) -> impl Iterator<Item = &'static str> {
    let columns = match register {
        Register::Donors => &import::DONOR_COLUMNS[..],
        Register::Deferrals => &import::DEFERRAL_COLUMNS[..],
        Register::Donations => &import::DONATION_COLUMNS[..],
    };
    columns.iter().map(|column| column.name)
}

/// Who takes a file out, and what its rows need.
pub struct Task<'a> {
    pub vault: &'a Vault,
    pub book: &'a Rulebook,
    pub scope: Scope,
    pub viewer: Viewer,
    pub units: HashMap<UnitId, String>,
    pub today: NaiveDate,
}

impl Task<'_> {
    /// The rows of the donors of a span.
    ///
    /// # Errors
    /// `identity_damaged` with the fact `donor`.
    pub fn rows(&self, conn: &mut Conn, register: Register, span: Span) -> Result<Vec<Cells>> {
        let donors = donors::whole_between(conn, self.vault, &self.scope, span)?;
        let mut history = Histories::read(conn, &self.scope, span)?;
        let mut rows = Vec::with_capacity(donors.len());
        for donor in donors {
            let told = match register {
                Register::Donors | Register::Donations => {
                    let givings = history.givings(conn, &donor)?;
                    if register == Register::Donors {
                        vec![self.donor(&donor, givings)]
                    } else {
                        givings.into_iter().map(|one| donation(&donor, &one)).collect()
                    }
                }
                Register::Deferrals => {
                    let deferrals = history.deferrals(conn, self.vault, &donor)?;
                    let seen = deferrals.iter().filter(|one| sees(self.book, self.viewer, &one.code));
                    seen.map(|one| deferral(&donor, one)).collect()
                }
            };
            rows.extend(told);
        }
        Ok(rows)
    }

    fn donor(&self, whole: &Whole, givings: Vec<Giving>) -> Cells {
        let Whole { donor, identity, .. } = whole;
        let last = givings.iter().max_by_key(|giving| giving.on).cloned();
        let count = |count| Declared { count, on: self.book.today(whole.recorded_at.and_utc()) };
        let facts =
            DonorFacts { declared: whole.declared_12_months.map(count), givings, ..DonorFacts::unknown() };
        // Where typings disagree no group is known.
        let group = donor.blood_group.filter(|_| donor.group_evidence != GroupEvidence::Discrepant);
        vec![
            text(identity.service_number.as_ref()),
            text(identity.national_id.as_ref()),
            text(identity.first_name.as_ref()),
            text(identity.father_name.as_ref()),
            text(identity.grandfather_name.as_ref()),
            text(identity.family_name.as_ref()),
            text(donor.sex),
            text(identity.birth_date),
            text(group),
            text(donor.unit.and_then(|unit| self.units.get(&unit))),
            text(donor.governorate),
            text(identity.phone.as_ref()),
            text(identity.email.as_ref()),
            text(donor.weight_kg),
            text(donor.height_cm),
            text(last.as_ref().map(|giving| giving.on)),
            text(last.as_ref().map(|giving| giving.donation_type)),
            text(history::in_12_months(&facts, self.today)),
            text(last.as_ref().and_then(|giving| giving.volume_ml)),
            last.as_ref().map(lost).unwrap_or_default(),
            donor.standing().to_string(),
            text(whole.paused_until.filter(|_| donor.standing() == DonorStatus::Paused)),
            text(identity.latin_first_name.as_ref()),
            text(identity.latin_father_name.as_ref()),
            text(identity.latin_grandfather_name.as_ref()),
            text(identity.latin_family_name.as_ref()),
            text(identity.place.as_ref()),
            text(donor.kind),
            text(donor.wishes.language),
            text(donor.wishes.may_call.map(yes_no)),
            text(donor.wishes.may_text.map(yes_no)),
            text(donor.wishes.may_email.map(yes_no)),
            text(donor.wishes.quiet_from.map(clock)),
            text(donor.wishes.quiet_until.map(clock)),
        ]
    }
}

fn deferral(of: &Whole, fact: &DeferralFact) -> Cells {
    vec![
        text(of.identity.service_number.as_ref()),
        text(of.identity.national_id.as_ref()),
        fact.code.clone(),
        text(fact.base),
        text(fact.second_base),
        text(fact.ended_on),
        fact.noted_on.unwrap_or(fact.recorded_on).to_string(),
    ]
}

fn donation(of: &Whole, giving: &Giving) -> Cells {
    vec![
        text(of.identity.service_number.as_ref()),
        text(of.identity.national_id.as_ref()),
        giving.on.to_string(),
        giving.donation_type.to_string(),
        text(giving.volume_ml),
        lost(giving),
    ]
}

/// Said only where it is so.
fn lost(giving: &Giving) -> String {
    if giving.red_cells_lost_ml.is_some_and(|lost| lost == 0) {
        String::new()
    } else {
        yes_no(true).to_owned()
    }
}

const fn yes_no(so: bool) -> &'static str {
    if so { "yes" } else { "no" }
}

fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// An unknown value is an empty cell.
fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// What the donors of a span gave and were deferred for.
struct Histories {
    givings: ByDonor<GivingLine>,
    deferrals: ByDonor<SealedDeferral>,
    /// Those whose other records the exporter may know of.
    merged: Vec<DonorId>,
}

impl Histories {
    fn read(conn: &mut Conn, scope: &Scope, span: Span) -> Result<Self> {
        Ok(Self {
            givings: store::giving_lines(conn, span)?,
            deferrals: store::sealed_deferrals(conn, span)?,
            merged: match scope {
                Scope::All => donors::merged_between(conn, span)?,
                Scope::Units(_) => Vec::new(),
            },
        })
    }

    /// The other records of the person.
    fn others(&self, conn: &mut Conn, id: DonorId) -> Result<Vec<DonorId>> {
        if !self.merged.contains(&id) {
            return Ok(Vec::new());
        }
        let mut records = donors::records_of(conn, id, None)?.all;
        records.retain(|record| *record != id);
        Ok(records)
    }

    /// What counts as given by the person, by day.
    fn givings(&mut self, conn: &mut Conn, whole: &Whole) -> Result<Vec<Giving>> {
        let id = whole.donor.id;
        let stands = |lines| standing_givings(lines, None).into_iter().map(|line| line.says);
        let mut given: Vec<Giving> = stands(self.givings.take(id)).collect();
        for other in self.others(conn, id)? {
            let also = stands(store::giving_lines(conn, store::one(other))?.take(other));
            // What two records tell of is one donation: a file has a line for each day and kind.
            for giving in also {
                let same =
                    |one: &&mut Giving| one.on == giving.on && one.donation_type == giving.donation_type;
                match given.iter_mut().find(same) {
                    Some(one) => {
                        one.volume_ml = one.volume_ml.max(giving.volume_ml);
                        one.red_cells_lost_ml = one.red_cells_lost_ml.max(giving.red_cells_lost_ml);
                    }
                    None => given.push(giving),
                }
            }
        }
        given.sort_by_key(|giving| (giving.on, giving.donation_type));
        Ok(given)
    }

    /// What stands of the person's deferrals, in the order of entry.
    fn deferrals(&mut self, conn: &mut Conn, vault: &Vault, whole: &Whole) -> Result<Vec<DeferralFact>> {
        let id = whole.donor.id;
        let sealed = self.deferrals.take(id).into_iter();
        let own: Vec<DeferralLine> = sealed.map(|line| line.open(&whole.key)).collect::<Result<_>>()?;
        let mut stands = standing(&own);
        for other in self.others(conn, id)? {
            if let Some(known) = donors::unless_erased(conn, vault, other)? {
                stands.extend(standing(&store::deferral_lines(conn, other, &known.key)?));
            }
        }
        Ok(stands)
    }
}

fn standing(lines: &[DeferralLine]) -> Vec<DeferralFact> {
    let stands = standing_deferrals(lines, None).into_iter().map(|one| one.fact);
    stands.filter(|fact| fact.withdrawn_on.is_none()).collect()
}

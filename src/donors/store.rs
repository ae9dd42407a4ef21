//! Rows of donors, their sealed identities and their tags.

mod consents;
mod erasure;
pub mod glass;
mod laboratory;
mod whole;

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, TypingId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorKind, DonorStatus};
use shiryan_kernel::{Problem, Result};

use super::scope::within;
use super::seal::{Batch, Claim, IdentityRow, TagRow};
use super::{Donor, Filter, Key, NewTyping, Scope, Standing, TypingLine, Wishes};
use crate::db::tables::{counted_days, donor_identities, donor_tags, donors, typings, unit_tree};
use crate::db::{Conn, Tx, insert_all, on_each};
use crate::texts::Lang;
use crate::vault::{Place, SealingKey};

pub use consents::{consenting, consents, insert_consent};
pub use erasure::{drop_traces, erase, insert_trace, set_trace, trace, traces_after, traces_due};
pub use laboratory::{antigens, insert_antigen, insert_titre, titres};
pub(super) use whole::whole_between;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = donors)]
pub(super) struct Row {
    id: DonorId,
    status: DonorStatus,
    sex: Option<Sex>,
    birth_band: Option<i32>,
    blood_group: Option<BloodGroup>,
    group_evidence: GroupEvidence,
    unit_id: Option<UnitId>,
    governorate: Option<Governorate>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
    screened: bool,
    kind: Option<DonorKind>,
    language: Option<Lang>,
    may_call: Option<bool>,
    may_text: Option<bool>,
    may_email: Option<bool>,
    quiet_from: Option<NaiveTime>,
    quiet_until: Option<NaiveTime>,
    merged_into: Option<DonorId>,
    version: i64,
}

impl From<Row> for Donor {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            status: row.status,
            sex: row.sex,
            birth_band: row.birth_band,
            blood_group: row.blood_group,
            group_evidence: row.group_evidence,
            unit: row.unit_id,
            governorate: row.governorate,
            weight_kg: row.weight_kg,
            height_cm: row.height_cm,
            screened: row.screened,
            kind: row.kind,
            wishes: Wishes {
                language: row.language,
                may_call: row.may_call,
                may_text: row.may_text,
                may_email: row.may_email,
                quiet_from: row.quiet_from,
                quiet_until: row.quiet_until,
            },
            merged_into: row.merged_into,
            version: row.version,
        }
    }
}

/// The columns that the rules need.
#[derive(Debug, Queryable)]
pub struct FactRow {
    pub id: DonorId,
    pub sex: Option<Sex>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    pub status: DonorStatus,
    pub paused_until: Option<NaiveDate>,
    pub screened: bool,
    pub declared_12_months: Option<i32>,
    pub created_at: NaiveDateTime,
    pub donor_key: Vec<u8>,
    pub birth_date: Option<Vec<u8>>,
    pub group_evidence: GroupEvidence,
    pub blood_group: Option<BloodGroup>,
}

/// Counts one more of what a user did on a day: which one it is, none past the first over the budget.
pub fn count_of_day(
    conn: &mut Conn,
    what: &str,
    by: UserId,
    on: NaiveDate,
    budget: i32,
) -> Result<Option<i32>> {
    use diesel::query_dsl::methods::FilterDsl;
    let row = (
        counted_days::user_id.eq(by),
        counted_days::what.eq(what),
        counted_days::on_date.eq(on),
        counted_days::count.eq(1),
    );
    let counted = on_each!(conn => c, diesel::insert_into(counted_days::table)
        .values(row)
        .on_conflict((counted_days::user_id, counted_days::what, counted_days::on_date))
        .do_update()
        .set(counted_days::count.eq(counted_days::count + 1))
        .filter(counted_days::count.le(budget))
        .execute(c))
    .map_err(Problem::from)?;
    if counted == 0 {
        return Ok(None);
    }
    Ok(Some(counted_days::table.find((by.0, what, on)).select(counted_days::count).first(conn)?))
}

pub fn donor(conn: &mut Conn, id: DonorId) -> Result<Donor> {
    let row: Row = donors::table.find(id.0).select(Row::as_select()).first(conn)?;
    Ok(row.into())
}

pub fn list(conn: &mut Conn, scope: &Scope, filter: Filter, after: i64, limit: i64) -> Result<Vec<Donor>> {
    let rows: Vec<Row> = on_each!(conn => c, {
        let mut page = donors::table
            .filter(donors::id.gt(after))
            .order(donors::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(group) = filter.blood_group {
            page = page.filter(donors::blood_group.eq(group));
        }
        if let Some(governorate) = filter.governorate {
            page = page.filter(donors::governorate.eq(governorate));
        }
        page = match filter.status {
            // One that is read as another stands among those that wait.
            Some(DonorStatus::Review) => {
                page.filter(donors::status.eq(DonorStatus::Review).or(donors::merged_into.is_not_null()))
            }
            Some(status @ (DonorStatus::Active | DonorStatus::Paused)) => {
                page.filter(donors::status.eq(status)).filter(donors::merged_into.is_null())
            }
            Some(status) => page.filter(donors::status.eq(status)),
            None => page,
        };
        if let Some(unit) = filter.unit {
            let below = unit_tree::table
                .filter(unit_tree::ancestor.eq(unit))
                .select(unit_tree::descendant.nullable());
            page = page.filter(donors::unit_id.eq_any(below));
        }
        within!(page, scope).load(c)
    })
    .map_err(Problem::from)?;
    Ok(rows.into_iter().map(Donor::from).collect())
}

/// The donor's own key, sealed.
pub fn donor_key(conn: &mut Conn, id: DonorId) -> Result<Vec<u8>> {
    Ok(donors::table.find(id.0).select(donors::donor_key).first(conn)?)
}

pub fn identity(conn: &mut Conn, id: DonorId) -> Result<IdentityRow> {
    Ok(donor_identities::table.find(id.0).select(IdentityRow::as_select()).first(conn)?)
}

/// Sealed keys and identities of at most `limit` donors after `after` who have one, in order.
pub fn identities_after(
    conn: &mut Conn,
    after: i64,
    limit: i64,
) -> Result<Vec<(DonorId, Vec<u8>, IdentityRow)>> {
    Ok(donor_identities::table
        .inner_join(donors::table)
        .filter(donors::id.gt(after))
        .filter(donors::status.ne(DonorStatus::Erased))
        .order(donors::id)
        .limit(limit)
        .select((donors::id, donors::donor_key, IdentityRow::as_select()))
        .load(conn)?)
}

pub fn set_wrapped(conn: &mut Conn, id: DonorId, wrapped: &[u8]) -> Result<()> {
    diesel::update(donors::table.find(id.0)).set(donors::donor_key.eq(wrapped)).execute(conn)?;
    Ok(())
}

/// Gives a donor's key another tag.
pub fn move_key(conn: &mut Conn, donor: DonorId, key: &Key, tag: &[u8]) -> Result<()> {
    let row = donor_tags::table
        .filter(donor_tags::field.eq(key.field))
        .filter(donor_tags::tag.eq(&key.tag))
        .filter(donor_tags::donor.eq(donor));
    diesel::update(row).set(donor_tags::tag.eq(tag)).execute(conn)?;
    Ok(())
}

type FactColumns = (
    donors::id,
    donors::sex,
    donors::weight_kg,
    donors::height_cm,
    donors::status,
    donors::paused_until,
    donors::screened,
    donors::declared_12_months,
    donors::created_at,
    donors::donor_key,
    donor_identities::birth_date,
    donors::group_evidence,
    donors::blood_group,
);

const FACTS: FactColumns = (
    donors::id,
    donors::sex,
    donors::weight_kg,
    donors::height_cm,
    donors::status,
    donors::paused_until,
    donors::screened,
    donors::declared_12_months,
    donors::created_at,
    donors::donor_key,
    donor_identities::birth_date,
    donors::group_evidence,
    donors::blood_group,
);

pub fn facts(conn: &mut Conn, id: DonorId) -> Result<FactRow> {
    Ok(donor_identities::table
        .inner_join(donors::table)
        .filter(donors::id.eq(id))
        .select(FACTS)
        .first(conn)?)
}

pub fn facts_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<FactRow>> {
    Ok(donor_identities::table
        .inner_join(donors::table)
        .filter(donors::id.gt(after))
        .filter(donors::status.ne(DonorStatus::Erased))
        .order(donors::id)
        .limit(limit)
        .select(FACTS)
        .load(conn)?)
}

pub fn facts_between(conn: &mut Conn, span: (i64, i64)) -> Result<Vec<FactRow>> {
    Ok(donor_identities::table
        .inner_join(donors::table)
        .filter(donors::id.between(span.0, span.1))
        .filter(donors::status.ne(DonorStatus::Erased))
        .order(donors::id)
        .select(FACTS)
        .load(conn)?)
}

/// At most `limit` ids after `after`, in order.
pub fn ids_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(donors::table
        .filter(donors::id.gt(after))
        .order(donors::id)
        .limit(limit)
        .select(donors::id)
        .load(conn)?)
}

pub fn mark_screened(conn: &mut Conn, id: DonorId) -> Result<()> {
    diesel::update(donors::table.find(id.0))
        .filter(donors::screened.eq(false))
        .set((donors::screened.eq(true), donors::version.eq(donors::version + 1)))
        .execute(conn)?;
    Ok(())
}

/// The donors who have this key, with their units.
pub fn with_key(conn: &mut Conn, key: &Key) -> Result<Vec<(DonorId, Option<UnitId>)>> {
    Ok(donor_tags::table
        .inner_join(donors::table)
        .filter(donor_tags::field.eq(key.field))
        .filter(donor_tags::tag.eq(&key.tag))
        .select((donors::id, donors::unit_id))
        .load(conn)?)
}

/// Which of these national ids and service numbers some donor has, as (field, tag).
///
/// # Errors
/// As any read.
pub fn owned_keys<'a>(
    conn: &mut Conn,
    keys: impl Iterator<Item = &'a Key>,
) -> Result<HashSet<(String, Vec<u8>)>> {
    Ok(claims(conn, keys)?.into_iter().map(|(key, ..)| key).collect())
}

/// Who owns these national ids and service numbers, by (field, tag). A record that waits for review owns
/// none.
///
/// # Errors
/// As any read.
pub fn owners<'a>(
    conn: &mut Conn,
    keys: impl Iterator<Item = &'a Key>,
) -> Result<HashMap<(String, Vec<u8>), DonorId>> {
    let owned = claims(conn, keys)?.into_iter().filter(|(_, claim, _)| *claim == 0);
    Ok(owned.map(|(key, _, donor)| (key, donor)).collect())
}

type Claimed = ((String, Vec<u8>), i64, DonorId);

fn claims<'a>(conn: &mut Conn, keys: impl Iterator<Item = &'a Key>) -> Result<Vec<Claimed>> {
    let mut by_field: HashMap<&'static str, Vec<&[u8]>> = HashMap::new();
    for key in keys.filter(|key| key.is_exclusive()) {
        by_field.entry(key.field).or_default().push(&key.tag);
    }
    let mut found = Vec::new();
    for (field, mut tags) in by_field {
        tags.sort_unstable();
        for tags in tags.chunks(512) {
            let rows: Vec<(Vec<u8>, i64, DonorId)> = on_each!(conn => c, donor_tags::table
                .filter(donor_tags::field.eq(field))
                .filter(donor_tags::tag.eq_any(tags.iter().copied()))
                .select((donor_tags::tag, donor_tags::claim, donor_tags::donor))
                .load(c))
            .map_err(Problem::from)?;
            found.extend(rows.into_iter().map(|(tag, claim, donor)| ((field.to_owned(), tag), claim, donor)));
        }
    }
    Ok(found)
}

/// Writes donors.
///
/// # Errors
/// `state_conflict` when a key that is to be owned has an owner.
pub fn insert(conn: &mut Conn, batch: &Batch) -> Result<()> {
    insert_all!(conn => donors::table, batch.donors)?;
    insert_all!(conn => donor_identities::table, batch.identities)?;
    insert_all!(conn => donor_tags::table, batch.tags)?;
    Ok(())
}

/// Writes what was amended, if the donor is still at `version`; whether it was.
pub fn amend(conn: &mut Conn, version: i64, after: &Donor) -> Result<bool> {
    let changed = diesel::update(donors::table.find(after.id.0))
        .filter(donors::version.eq(version))
        .set((
            donors::status.eq(after.status),
            donors::sex.eq(after.sex),
            donors::birth_band.eq(after.birth_band),
            donors::blood_group.eq(after.blood_group),
            donors::group_evidence.eq(after.group_evidence),
            donors::unit_id.eq(after.unit),
            donors::governorate.eq(after.governorate),
            donors::weight_kg.eq(after.weight_kg),
            donors::height_cm.eq(after.height_cm),
            donors::kind.eq(after.kind),
            donors::language.eq(after.wishes.language),
            donors::may_call.eq(after.wishes.may_call),
            donors::may_text.eq(after.wishes.may_text),
            donors::may_email.eq(after.wishes.may_email),
            donors::quiet_from.eq(after.wishes.quiet_from),
            donors::quiet_until.eq(after.wishes.quiet_until),
            donors::version.eq(donors::version + 1),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

pub fn set_identity(conn: &mut Conn, row: &IdentityRow) -> Result<()> {
    diesel::update(donor_identities::table.find(row.donor.0)).set(row).execute(conn)?;
    Ok(())
}

pub fn drop_key(conn: &mut Conn, donor: DonorId, key: &Key) -> Result<()> {
    let tags = donor_tags::table
        .filter(donor_tags::field.eq(key.field))
        .filter(donor_tags::tag.eq(&key.tag))
        .filter(donor_tags::donor.eq(donor));
    diesel::delete(tags).execute(conn)?;
    Ok(())
}

/// # Errors
/// `state_conflict` when a key that is to be owned has an owner.
pub fn add_key(conn: &mut Conn, donor: DonorId, key: &Key, claim: Claim) -> Result<()> {
    diesel::insert_into(donor_tags::table).values(TagRow::new(donor, key, claim)).execute(conn)?;
    Ok(())
}

/// Moves a donor from one of these states to another; whether it stood in one of them.
pub fn set_standing(conn: &mut Conn, from: &[DonorStatus], to: &Standing) -> Result<bool> {
    let changed = on_each!(conn => c, diesel::update(donors::table.find(to.id.0))
        .filter(donors::status.eq_any(from))
        .set((
            donors::status.eq(to.status),
            donors::paused_until.eq(to.paused_until),
            donors::version.eq(donors::version + 1),
        ))
        .execute(c))
    .map_err(Problem::from)?;
    Ok(changed == 1)
}

/// Says no to calls for a donor.
pub fn stop_calls(conn: &mut Conn, id: DonorId) -> Result<()> {
    diesel::update(donors::table.find(id.0))
        .set((donors::may_call.eq(Some(false)), donors::version.eq(donors::version + 1)))
        .execute(conn)?;
    Ok(())
}

/// Says no to mail and short messages for a donor.
pub fn stop_messages(conn: &mut Conn, id: DonorId) -> Result<()> {
    diesel::update(donors::table.find(id.0))
        .set((
            donors::may_email.eq(Some(false)),
            donors::may_text.eq(Some(false)),
            donors::version.eq(donors::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Every typing of a donor, oldest first; without the donor's key samples stay closed.
pub fn typings(conn: &mut Conn, id: DonorId, key: Option<&SealingKey>) -> Result<Vec<TypingLine>> {
    type Row = (TypingId, BloodGroup, Option<Vec<u8>>, NaiveDate, UserId, Option<NaiveDateTime>);
    let rows: Vec<Row> = typings::table
        .filter(typings::donor.eq(id))
        .order(typings::id)
        .select((
            typings::id,
            typings::blood_group,
            typings::sample,
            typings::typed_on,
            typings::recorded_by,
            typings::wrong_at,
        ))
        .load(conn)?;
    let line = |(id, blood_group, sample, typed_on, recorded_by, wrong_at): Row| {
        let sample =
            key.zip(sample).map(|(key, sealed)| key.open_text(sample_of(id), &sealed)).transpose()?;
        Ok(TypingLine { id, blood_group, sample, typed_on, recorded_by, wrong: wrong_at.is_some() })
    };
    rows.into_iter().map(line).collect()
}

pub fn insert_typing(
    tx: &mut Tx,
    id: TypingId,
    donor: DonorId,
    by: UserId,
    key: &SealingKey,
    new: &NewTyping,
) -> Result<()> {
    let sample = new.sample.as_ref().map(|sample| key.seal_text(sample_of(id), sample.as_str()));
    diesel::insert_into(typings::table)
        .values((
            typings::id.eq(id),
            typings::donor.eq(donor),
            typings::blood_group.eq(new.group),
            typings::sample.eq(sample),
            typings::typed_on.eq(new.typed_on),
            typings::recorded_at.eq(tx.now.naive_utc()),
            typings::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

const fn sample_of(typing: TypingId) -> Place {
    Place::of("typings", "sample", typing.0)
}

/// Marks a typing of the donor as wrong; whether it stood until now.
pub fn mark_wrong(tx: &mut Tx, id: TypingId, donor: DonorId, by: UserId, reason: Vec<u8>) -> Result<bool> {
    let changed = diesel::update(typings::table.find(id.0))
        .filter(typings::donor.eq(donor))
        .filter(typings::wrong_at.is_null())
        .set((
            typings::wrong_at.eq(tx.now.naive_utc()),
            typings::wrong_by.eq(by),
            typings::wrong_reason.eq(reason),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn set_group(conn: &mut Conn, id: DonorId, group: (Option<BloodGroup>, GroupEvidence)) -> Result<()> {
    diesel::update(donors::table.find(id.0))
        .set((
            donors::blood_group.eq(group.0),
            donors::group_evidence.eq(group.1),
            donors::version.eq(donors::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

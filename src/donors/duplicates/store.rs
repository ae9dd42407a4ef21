//! Rows of pairs, the donors that share a phone, and a record's way into and out of review.

use std::collections::HashSet;

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use shiryan_kernel::ids::{DonorId, ReviewId, UserId};
use shiryan_kernel::status::{DonorStatus, ReviewGround, ReviewState};
use shiryan_kernel::{Problem, Result};

use super::{Review, Twin};
use crate::db::tables::{donor_tags, donors, reviews as table};
use crate::db::{Conn, Tx, on_each};
use crate::donors::Key;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: ReviewId,
    donor: DonorId,
    other: DonorId,
    ground: ReviewGround,
    state: ReviewState,
    found_at: chrono::NaiveDateTime,
    settled_at: Option<chrono::NaiveDateTime>,
    settled_by: Option<UserId>,
}

impl From<Row> for Review {
    fn from(row: Row) -> Self {
        let Row { id, donor, other, ground, state, found_at, settled_at, settled_by } = row;
        Self { id, donor, other, ground, state, found_at, settled_at, settled_by }
    }
}

pub fn review(conn: &mut Conn, id: ReviewId) -> Result<Review> {
    let row: Row = table::table.find(id.0).select(Row::as_select()).first(conn)?;
    Ok(row.into())
}

pub fn reviews(conn: &mut Conn, state: ReviewState, after: i64, limit: i64) -> Result<Vec<Review>> {
    let rows: Vec<Row> = table::table
        .filter(table::state.eq(state))
        .filter(table::id.gt(after))
        .order(table::id)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Review::from).collect())
}

/// Opens a pair, anew if it was settled; whether it was not open.
pub fn open_pair(tx: &mut Tx, id: ReviewId, donor: DonorId, twin: Twin) -> Result<bool> {
    let now = tx.now.naive_utc();
    let known = table::table.filter(table::donor.eq(donor)).filter(table::other.eq(twin.other));
    let again = diesel::update(known.filter(table::state.ne(ReviewState::Open)))
        .set((
            table::state.eq(ReviewState::Open),
            table::ground.eq(twin.ground),
            table::found_at.eq(now),
            table::settled_at.eq(None::<chrono::NaiveDateTime>),
            table::settled_by.eq(None::<UserId>),
        ))
        .execute(tx.conn)?;
    if again == 1 {
        return Ok(true);
    }
    let made = on_each!(tx.conn => c, diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::donor.eq(donor),
            table::other.eq(twin.other),
            table::ground.eq(twin.ground),
            table::state.eq(ReviewState::Open),
            table::found_at.eq(now),
        ))
        .on_conflict((table::donor, table::other))
        .do_nothing()
        .execute(c))
    .map_err(Problem::from)?;
    Ok(made == 1)
}

/// Settles an open pair; whether it was open.
pub fn settle(tx: &mut Tx, id: ReviewId, by: UserId, state: ReviewState) -> Result<bool> {
    let changed = diesel::update(table::table.find(id.0))
        .filter(table::state.eq(ReviewState::Open))
        .set((table::state.eq(state), table::settled_at.eq(tx.now.naive_utc()), table::settled_by.eq(by)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Opens a settled pair again, as it was found.
pub fn reopen(conn: &mut Conn, id: ReviewId) -> Result<()> {
    diesel::update(table::table.find(id.0))
        .set((
            table::state.eq(ReviewState::Open),
            table::settled_at.eq(None::<chrono::NaiveDateTime>),
            table::settled_by.eq(None::<UserId>),
        ))
        .execute(conn)?;
    Ok(())
}

/// The pairs between two sides, each with the one that waits or waited.
pub fn between(
    conn: &mut Conn,
    state: ReviewState,
    (one, other): (&[DonorId], &[DonorId]),
) -> Result<Vec<(ReviewId, DonorId)>> {
    let here = |conn: &mut Conn, donors: &[DonorId], others: &[DonorId]| {
        on_each!(conn => c, table::table
            .filter(table::state.eq(state))
            .filter(table::donor.eq_any(donors))
            .filter(table::other.eq_any(others))
            .order(table::id)
            .select((table::id, table::donor))
            .load(c))
        .map_err(Problem::from)
    };
    let mut pairs: Vec<(ReviewId, DonorId)> = here(conn, one, other)?;
    pairs.extend(here(conn, other, one)?);
    Ok(pairs)
}

/// Those of whom somebody has said what they are to this donor.
pub fn settled_with(conn: &mut Conn, donor: DonorId) -> Result<HashSet<DonorId>> {
    let settled = || table::table.filter(table::state.ne(ReviewState::Open));
    let mut others: HashSet<DonorId> =
        settled().filter(table::donor.eq(donor)).select(table::other).load(conn)?.into_iter().collect();
    let before: Vec<DonorId> = settled().filter(table::other.eq(donor)).select(table::donor).load(conn)?;
    others.extend(before);
    Ok(others)
}

/// Whether an open pair holds the donor.
pub fn is_held(conn: &mut Conn, donor: DonorId) -> Result<bool> {
    let open = table::table.filter(table::donor.eq(donor)).filter(table::state.eq(ReviewState::Open));
    Ok(diesel::select(exists(open)).get_result(conn)?)
}

/// Donors who have a key, oldest first; of one band of birth alone, where it is given.
pub fn sharing(conn: &mut Conn, key: &Key, band: Option<i32>) -> Result<Vec<DonorId>> {
    on_each!(conn => c, {
        let mut sharing = donor_tags::table
            .inner_join(donors::table)
            .filter(donor_tags::field.eq(key.field))
            .filter(donor_tags::tag.eq(&key.tag))
            .order(donors::id)
            .select(donors::id)
            .into_boxed();
        if let Some(band) = band {
            sharing = sharing.filter(donors::birth_band.eq(band));
        }
        sharing.load(c)
    })
    .map_err(Problem::from)
}

/// Tags of phone numbers that more than one donor has.
pub fn shared_phones(conn: &mut Conn, after: &[u8], limit: i64) -> Result<Vec<Vec<u8>>> {
    on_each!(conn => c, donor_tags::table
        .filter(donor_tags::field.eq("tel"))
        .filter(donor_tags::tag.gt(after))
        .group_by(donor_tags::tag)
        .having(count_star().gt(1))
        .order(donor_tags::tag)
        .limit(limit)
        .select(donor_tags::tag)
        .load(c))
    .map_err(Problem::from)
}

/// Holds a donor for review; whether the donor could be booked until now.
pub fn hold(conn: &mut Conn, donor: DonorId) -> Result<bool> {
    let held = on_each!(conn => c, diesel::update(donors::table.find(donor.0))
        .filter(donors::status.eq_any([DonorStatus::Active, DonorStatus::Paused]))
        .set((donors::status.eq(DonorStatus::Review), donors::version.eq(donors::version + 1)))
        .execute(c))
    .map_err(Problem::from)?;
    Ok(held == 1)
}

/// Lets a donor out of review, to where a pause still stands or to the active ones.
pub fn release(conn: &mut Conn, donor: DonorId) -> Result<()> {
    let held = || diesel::update(donors::table.find(donor.0)).filter(donors::status.eq(DonorStatus::Review));
    let version = donors::version.eq(donors::version + 1);
    let paused = held().filter(donors::paused_until.is_not_null());
    paused.set((donors::status.eq(DonorStatus::Paused), version)).execute(conn)?;
    held().set((donors::status.eq(DonorStatus::Active), version)).execute(conn)?;
    Ok(())
}

/// Makes a number the donor's own, unless another donor owns it.
pub fn claim(conn: &mut Conn, donor: DonorId, key: &Key) -> Result<()> {
    let of_key =
        || donor_tags::table.filter(donor_tags::field.eq(key.field)).filter(donor_tags::tag.eq(&key.tag));
    let is_owned: bool = diesel::select(exists(of_key().filter(donor_tags::claim.eq(0)))).get_result(conn)?;
    if !is_owned {
        diesel::update(of_key().filter(donor_tags::donor.eq(donor)))
            .set(donor_tags::claim.eq(0))
            .execute(conn)?;
    }
    Ok(())
}

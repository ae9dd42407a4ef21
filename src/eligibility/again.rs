//! Telling donors that they may give again: once after each giving, on the day on which their window opens.
//!
//! Whoever may not give is told nothing, whatever the cause: silence says nothing, since most want no messages.

use chrono::Duration;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, GivingId};
use shiryan_kernel::message::Template;
use shiryan_kernel::status::{DonorStatus, LinkVerb};
use shiryan_kernel::time::{Moment, Zone, plus_days};

use super::ledger::standing_givings;
use super::store;
use crate::db::tables::{donors, giving_windows, givings};
use crate::db::{Conn, Db, Lane};
use crate::messages::{self, About, Door, Notice};
use crate::vault::Vault;

/// How late the word may come, in days: a server that stood still catches up.
const LATE: i64 = 6;
/// How long it is of use.
const USEFUL: Duration = Duration::days(14);
/// How long its letter leads to the donor's own card.
const SHOWN_FOR: Duration = Duration::days(60);
/// Donors in one write.
const SLICE: i64 = 64;

/// Queues the word for each donor who wants messages and whose window of whole blood opened within the last days; how
/// many. May run twice, and in several processes at once. Blocks.
///
/// # Errors
/// As any write.
pub fn tell_ready(db: &Db, vault: &Vault, zone: Zone) -> Result<usize> {
    let today = zone.date(db.now());
    let (mut queued, mut after) = (0, DonorId(0));
    loop {
        let slice: Vec<DonorId> = db.read_now(|conn| {
            Ok(giving_windows::table
                .inner_join(donors::table.on(donors::id.eq(giving_windows::donor)))
                .filter(giving_windows::donor.gt(after))
                .filter(giving_windows::donation_type.eq(DonationType::WholeBlood))
                .filter(giving_windows::from_on.between(plus_days(today, -LATE), today))
                .filter(donors::status.eq(DonorStatus::Active))
                .filter(donors::merged_into.is_null())
                .filter(donors::may_email.eq(true).or(donors::may_text.eq(true)))
                .order(giving_windows::donor)
                .select(giving_windows::donor)
                .limit(SLICE)
                .load(conn)?)
        })?;
        let Some(last) = slice.last() else { return Ok(queued) };
        after = *last;
        let vault = vault.clone();
        queued += db.write_now(Lane::Bulk, move |tx| {
            let mut queued = 0;
            for donor in &slice {
                let lines = store::giving_lines(tx.conn, store::one(*donor))?.take(*donor);
                let Some(gave) = standing_givings(lines, None).pop() else { continue };
                let notice = Notice {
                    template: Template::EligibleAgain,
                    donor: *donor,
                    subject: gave.id.0,
                    due_at: tx.now,
                    useful_until: tx.now + USEFUL,
                };
                queued += usize::from(messages::queue(tx, &vault, &notice)?);
            }
            Ok(queued)
        })?;
    }
}

/// When the donor gave before who may give again; none of one who may not today.
///
/// # Errors
/// As any read.
pub fn about(conn: &mut Conn, zone: Zone, id: GivingId, now: Moment) -> Result<Option<About>> {
    let today = zone.date(now);
    let found: Option<(DonorId, chrono::NaiveDate)> =
        givings::table.find(id.0).select((givings::donor, givings::given_on)).first(conn).optional()?;
    let Some((donor, on)) = found else { return Ok(None) };
    let open: i64 = giving_windows::table
        .filter(giving_windows::donor.eq(donor))
        .filter(giving_windows::donation_type.eq(DonationType::WholeBlood))
        .filter(giving_windows::from_on.le(today))
        .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(today)))
        .count()
        .get_result(conn)?;
    let card = Door { verb: LinkVerb::Card, subject: donor.0, until: now + SHOWN_FOR };
    let at = zone.start_of(on) + Duration::hours(12);
    Ok((open > 0).then(|| About { at, entry: None, doors: vec![card] }))
}

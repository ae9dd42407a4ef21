//! The thanks for coming: queued at the door, before anything is known, so that whoever gave, was put off or went
//! home reads the same words at the same hour (A11, B2).

use chrono::Duration;
use shiryan_kernel::Result;
use shiryan_kernel::ids::VisitId;
use shiryan_kernel::message::Template;
use shiryan_kernel::status::LinkVerb;
use shiryan_kernel::time::Moment;

use super::store::visits::{self, NewVisit};
use crate::db::{Conn, Tx};
use crate::messages::{self, About, Door, Notice};
use crate::vault::Vault;

/// How long after the end of a drive people are thanked.
const AFTER: Duration = Duration::hours(1);
/// How long somebody may tell something afterwards, and read what does good.
const SPEAKS_FOR: Duration = Duration::days(14);
/// How long a letter leads to the donor's own card.
const SHOWN_FOR: Duration = Duration::days(60);
/// How long thanks are of use.
const USEFUL: Duration = Duration::days(3);

/// Queues the thanks for a visit to a drive that ends at `ends`; one that is entered late is thanked for at once.
pub(super) fn queue(tx: &mut Tx, vault: &Vault, visit: &NewVisit, ends: Moment) -> Result<()> {
    let due_at = tx.now.max(ends + AFTER);
    let notice = Notice {
        template: Template::ThankYou,
        donor: visit.donor,
        subject: visit.id.0,
        due_at,
        useful_until: due_at + USEFUL,
    };
    messages::queue(tx, vault, &notice).map(drop)
}

/// When the donor came whom a message thanks; none of a visit that is not there any more.
///
/// # Errors
/// As any read.
pub fn about(conn: &mut Conn, id: VisitId) -> Result<Option<About>> {
    let Some((donor, at)) = visits::came_at(conn, id)? else { return Ok(None) };
    let at = at.and_utc();
    // Whoever came may speak, whatever came of it: the letters do not differ.
    let doors = vec![
        Door { verb: LinkVerb::Aftercare, subject: id.0, until: at + SPEAKS_FOR },
        Door { verb: LinkVerb::Speak, subject: id.0, until: at + SPEAKS_FOR },
        Door { verb: LinkVerb::Card, subject: donor.0, until: at + SHOWN_FOR },
    ];
    Ok(Some(About { at, entry: None, doors }))
}

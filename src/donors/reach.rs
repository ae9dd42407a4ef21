//! Whether and where a donor may be written to.
//!
//! Only who said yes to mail is written to. What any record of the person says against it holds for all of
//! them: a no to mail, a withdrawn consent to being contacted, a pause.

use chrono::{NaiveDate, NaiveTime};
use shiryan_kernel::Result;
use shiryan_kernel::consent::ConsentKind;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::message::Unsent;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::Email;

use super::{key, records_of, seal, store};
use crate::db::Conn;
use crate::texts::Lang;
use crate::vault::Vault;

/// Where a donor reads mail. Never stored, never logged.
pub struct Mailbox {
    pub email: Email,
    /// Arabic unless the donor said otherwise.
    pub language: Lang,
    /// Civil time; may pass midnight.
    pub quiet: Option<(NaiveTime, NaiveTime)>,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Whether a donor may be written to.
#[derive(Debug)]
pub enum Reach {
    Mail(Box<Mailbox>),
    Not(Unsent),
}

/// Whether the house may write to a donor today, and where. Opens the address alone.
///
/// # Errors
/// `not_found`; `identity_damaged` when the address was changed or moved.
pub fn reach(conn: &mut Conn, vault: &Vault, id: DonorId, today: NaiveDate) -> Result<Reach> {
    let records = records_of(conn, id, None)?;
    let mut all = vec![records.survivor];
    all.extend(records.all.into_iter().filter(|record| *record != records.survivor));
    let mut readers = Vec::new();
    for record in all {
        let donor = store::donor(conn, record)?;
        match donor.status {
            DonorStatus::Deceased => return Ok(Reach::Not(Unsent::Gone)),
            DonorStatus::Erased => continue,
            DonorStatus::Paused
                if store::facts(conn, record)?.paused_until.is_none_or(|until| today < until) =>
            {
                return Ok(Reach::Not(Unsent::Paused));
            }
            DonorStatus::Active | DonorStatus::Paused | DonorStatus::Review => {}
        }
        let contact = store::consents(conn, record)?;
        let refuses =
            contact.iter().any(|line| line.kind == ConsentKind::Contact && line.holds && !line.given);
        if refuses || donor.wishes.may_email == Some(false) {
            return Ok(Reach::Not(Unsent::NotWished));
        }
        readers.push(donor);
    }
    let Some(first) = readers.first() else { return Ok(Reach::Not(Unsent::Gone)) };
    let language = first.wishes.language;
    let mut agreed = false;
    for donor in readers.iter().filter(|donor| donor.wishes.may_email == Some(true)) {
        agreed = true;
        let own = key(conn, vault, donor.id)?;
        let Some(email) = seal::open_email(&own, &store::identity(conn, donor.id)?)? else { continue };
        return Ok(Reach::Mail(Box::new(Mailbox {
            email,
            language: donor.wishes.language.or(language).unwrap_or_default(),
            quiet: donor.wishes.quiet_from.zip(donor.wishes.quiet_until),
        })));
    }
    Ok(Reach::Not(if agreed { Unsent::NoAddress } else { Unsent::NotWished }))
}

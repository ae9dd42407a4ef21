//! Whether and where a donor may be written to.
//!
//! Only who said yes to a way is written to by it; mail comes before short messages. What any record of the
//! person says against it holds for all of them: a no to a way, a withdrawn consent to being contacted, a pause.

use chrono::{NaiveDate, NaiveTime};
use shiryan_kernel::Result;
use shiryan_kernel::consent::ConsentKind;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::message::Unsent;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::{Email, Phone};

use super::{Donor, key, records_of, seal, store};
use crate::db::Conn;
use crate::mail::Ways;
use crate::texts::Lang;
use crate::vault::Vault;

/// Where a donor reads what is written. Never stored, never logged.
pub struct Reader {
    pub address: Address,
    /// Arabic unless the donor said otherwise.
    pub language: Lang,
    /// Civil time; may pass midnight.
    pub quiet: Option<(NaiveTime, NaiveTime)>,
}

/// An address of one way.
pub enum Address {
    Email(Email),
    Phone(Phone),
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Whether a donor may be written to.
#[derive(Debug)]
pub enum Reach {
    At(Box<Reader>),
    Not(Unsent),
}

/// What a donor said of a way.
type Wish = fn(&Donor) -> Option<bool>;

/// Whether the house may write to a donor today by the ways that it has, and where. Opens that address alone.
///
/// # Errors
/// `not_found`; `identity_damaged` when the address was changed or moved.
pub fn reach(conn: &mut Conn, vault: &Vault, id: DonorId, today: NaiveDate, ways: Ways) -> Result<Reach> {
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
        let said = store::consents(conn, record)?;
        if said.iter().any(|line| line.kind == ConsentKind::Contact && line.holds && !line.given) {
            return Ok(Reach::Not(Unsent::NotWished));
        }
        readers.push(donor);
    }
    let Some(first) = readers.first() else { return Ok(Reach::Not(Unsent::Gone)) };
    let language = first.wishes.language;
    let by_mail: Wish = |donor| donor.wishes.may_email;
    let by_text: Wish = |donor| donor.wishes.may_text;
    let mut agreed = false;
    for (is_open, wish, is_mail) in [(ways.mail, by_mail, true), (ways.text, by_text, false)] {
        if !is_open || readers.iter().any(|donor| wish(donor) == Some(false)) {
            continue;
        }
        for donor in readers.iter().filter(|donor| wish(donor) == Some(true)) {
            agreed = true;
            let (own, sealed) = (key(conn, vault, donor.id)?, store::identity(conn, donor.id)?);
            let address = if is_mail {
                seal::open_email(&own, &sealed)?.map(Address::Email)
            } else {
                seal::open_phone(&own, &sealed)?.map(Address::Phone)
            };
            let Some(address) = address else { continue };
            return Ok(Reach::At(Box::new(Reader {
                address,
                language: donor.wishes.language.or(language).unwrap_or_default(),
                quiet: donor.wishes.quiet_from.zip(donor.wishes.quiet_until),
            })));
        }
    }
    Ok(Reach::Not(if agreed { Unsent::NoAddress } else { Unsent::NotWished }))
}

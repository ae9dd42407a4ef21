//! Identifiers: 63 bits, minted by the application, 13 Crockford base32 characters on the wire.
//!
//! The upper 42 bits are milliseconds since 2020, so ids sort by age; the rest starts at random in
//! each millisecond and steps at random, so ids of one process never fall back. Nothing relies on
//! their being secret.

use std::sync::Mutex;

use chrono::{DateTime, TimeZone, Utc};

use crate::problem::{Code, Problem};

const STEP_BITS: u32 = 21;
const STEP_MASK: i64 = (1 << STEP_BITS) - 1;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const WIDTH: usize = 13;

/// Mints ids; one per process.
#[derive(Debug, Default)]
pub struct Mint {
    last: Mutex<i64>,
}

impl Mint {
    #[must_use]
    pub const fn new() -> Self {
        Self { last: Mutex::new(0) }
    }

    /// The next id at `now`: greater than every id this mint gave before.
    pub fn next(&self, now: DateTime<Utc>) -> i64 {
        let millis = (now - epoch()).num_milliseconds().max(0);
        let fresh = (millis << STEP_BITS) | (i64::from(rand::random::<u32>()) & (STEP_MASK >> 2));
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let id = if fresh > *last { fresh } else { *last + 1 + i64::from(rand::random::<u8>() & 15) };
        *last = id;
        id
    }
}

fn epoch() -> DateTime<Utc> {
    Utc.timestamp_opt(1_577_836_800, 0).single().unwrap_or_default()
}

/// The least id that can be minted at `moment`: what was minted before lies below it, so that "since
/// then" is a range of a primary key. After the last moment that an id can hold it is the greatest id.
#[must_use]
pub fn least_at(moment: DateTime<Utc>) -> i64 {
    let millis = (moment - epoch()).num_milliseconds().max(0);
    if millis > i64::MAX >> STEP_BITS { i64::MAX } else { millis << STEP_BITS }
}

/// Writes an id as 13 characters.
#[must_use]
pub fn write(id: i64) -> String {
    let mut text = String::with_capacity(WIDTH);
    for place in (0..WIDTH).rev() {
        let digit = usize::try_from((id >> (place * 5)) & 31).unwrap_or(0);
        text.push(ALPHABET.get(digit).copied().map_or('0', char::from));
    }
    text
}

/// Reads 13 Crockford characters; lower case and the look-alikes `o i l` are accepted.
///
/// # Errors
/// `invalid_value` for any other length, character, or a number outside 63 bits.
pub fn read(text: &str) -> Result<i64, Problem> {
    let bad = || Problem::new(Code::InvalidValue);
    if text.len() != WIDTH {
        return Err(bad());
    }
    let mut id: i128 = 0;
    for byte in text.bytes() {
        let byte = match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|known| *known == byte).ok_or_else(bad)?;
        id = (id << 5) | i128::try_from(digit).map_err(|_| bad())?;
    }
    i64::try_from(id).ok().filter(|id| *id > 0).ok_or_else(bad)
}

/// Declares one id type per entity.
#[macro_export]
macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, diesel_derive_newtype::DieselNewType)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::ids::write(self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::problem::Problem;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::ids::read(text).map($name)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$crate::ids::write(self.0))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $crate::ids::read(&text).map($name).map_err(|_| {
                    serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &"an id of 13 characters")
                })
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some("^[0-9A-HJKMNP-TV-Z]{13}$"))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+};
}

id_type! {
    /// A force's unit (a node of the tree of units).
    UnitId,
    /// A hospital or a blood bank.
    FacilityId,
    UserId,
    /// A family of refresh tokens: one sign-in.
    SessionId,
    /// Long work that somebody asked for.
    JobId,
    /// What one person asks and another decides.
    ApprovalId,
    DonorId,
    /// An identity that was opened beside scope and budget.
    GlassId,
    /// A pair of records that may be one person.
    ReviewId,
    /// What a donor is told by message.
    MessageId,
    /// Two records that are read as one person.
    MergeId,
    /// A laboratory typing of a donor.
    TypingId,
    AntigenResultId,
    /// A result of a test for an infection.
    TestResultId,
    TitreId,
    ConsentId,
    ActivityId,
    /// Somebody who is to take part in an activity.
    AssignmentId,
    /// A time in which a unit is not there.
    AbsenceId,
    /// Roads that are closed for a time.
    ClosureId,
    /// What might happen, kept under a name.
    ScenarioId,
    /// A level of the reserve that changed.
    LevelChangeId,
    /// A shelf that was counted.
    CountId,
    /// A label that was scanned where no unit of it should be.
    StrayId,
    /// What a hospital reports of a unit that it used.
    HospitalReportId,
    /// A declared incident.
    IncidentId,
    /// Units handed out in an emergency, by two people.
    EmergencyIssueId,
    /// A calendar that somebody's own program reads.
    CalendarFeedId,
    /// A drive is an activity of the blood-donation branch and shares its id.
    DriveId,
    SlotId,
    /// The shape of a drive, kept under a name.
    BlueprintId,
    AppointmentId,
    /// Somebody who waits for a place in a drive.
    WaitingId,
    DonationId,
    /// Somebody who came to a drive.
    VisitId,
    ReactionId,
    /// What one donor may do once by a secret address.
    LinkId,
    /// A donor who was asked by message to come to a drive.
    InvitationId,
    /// A call to a donor.
    CallId,
    GivingId,
    DeferralId,
    AllowanceId,
    /// A decision on which somebody acted.
    DecisionId,
    /// A bag.
    BloodUnitId,
    MovementId,
    /// Units on their way to another blood bank.
    TransferId,
    /// What a hospital's blood bank asks for.
    RequestId,
    /// A unit held for a request.
    ReservationId,
    /// A hospital's repeating request.
    StandingOrderId,
    /// A massive-transfusion pack.
    PackId,
    /// A unit that is given before its tests.
    UntestedId,
    AuditId,
    SeriesId,
    RuleSetId,
}

impl From<DriveId> for ActivityId {
    fn from(id: DriveId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(id in 1..i64::MAX) {
            prop_assert_eq!(read(&write(id)).unwrap(), id);
            prop_assert_eq!(read(&write(id).to_lowercase()).unwrap(), id);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
            let _ = read(&text);
        }
    }

    #[test]
    fn ids_of_one_mint_only_grow() {
        let mint = Mint::new();
        let now = epoch() + chrono::Duration::days(2_500);
        let mut last = 0;
        for n in 0..50_000 {
            let id = mint.next(now - chrono::Duration::milliseconds(n % 7));
            assert!(id > last);
            last = id;
        }
    }

    #[test]
    fn a_moment_parts_older_ids_from_younger() {
        let (mint, now) = (Mint::new(), epoch() + chrono::Duration::days(2_500));
        let before = mint.next(now - chrono::Duration::milliseconds(1));
        assert!(before < least_at(now) && mint.next(now) >= least_at(now));
        assert_eq!(least_at(epoch() - chrono::Duration::days(1)), 0);
    }

    #[test]
    fn too_large_or_zero_is_refused() {
        assert!(read("ZZZZZZZZZZZZZ").is_err());
        assert!(read("0000000000000").is_err());
        assert!(read("7ZZZZZZZZZZZZ").is_ok());
        assert!(read("8000000000000").is_err());
    }
}

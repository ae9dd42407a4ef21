//! Sending what waits in the outbox.

use std::time::Duration;

use actix_web::web;
use shiryan_kernel::Code;
use shiryan_kernel::ids::{AppointmentId, DonationId, GivingId, InvitationId, VisitId};
use shiryan_kernel::message::Template;

use crate::db::{Lane, off_loop};
use crate::http::House;
use crate::mail::{Failure, Post, Ways};
use crate::messages::{self, Held, Terms, rules::Quiet};
use crate::{donations, drives, eligibility, stock};

const WAITING: &str = "shiryan_messages_waiting";
const TRIED: &str = "shiryan_messages_tried_total";
/// How often what has left is written down, while the database is busy: else it would leave once more.
const WRITES: usize = 10;
/// How long nothing is tried after no letter could leave.
const REST: Duration = Duration::from_secs(30);

/// What came of going through the outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Letters that left.
    pub sent: usize,
    /// A way out of the house is shut for now.
    pub is_shut: bool,
}

/// Gives the figure of messages that wait; it names nobody.
pub fn count_waiting(count: i64) {
    metrics::describe_gauge!(WAITING, "Messages that wait to be sent, now or later.");
    metrics::gauge!(WAITING).set(i32::try_from(count).unwrap_or(i32::MAX));
}

fn count_try(outcome: &Result<(), Failure>) {
    let label = match outcome {
        Ok(()) => "sent",
        Err(Failure::Refused(_)) => "refused",
        Err(Failure::Later(_)) => "later",
        Err(Failure::House(_)) => "house",
    };
    metrics::describe_counter!(TRIED, "Tries to send a message, by what came of it.");
    metrics::counter!(TRIED, "outcome" => label).increment(1);
}

/// How often somebody who rests looks whether the program is leaving.
const LOOK: Duration = Duration::from_millis(100);

/// Sends messages as they come due, until the program leaves: whoever stops it waits for this, so that a letter under way is
/// noted as sent and does not go out again.
pub async fn post(house: web::Data<House>) {
    let rest = async |whole: Duration| {
        let until = tokio::time::Instant::now() + whole;
        while tokio::time::Instant::now() < until && !house.pulse.is_leaving() {
            tokio::time::sleep(LOOK).await;
        }
    };
    while !house.pulse.is_leaving() {
        rest(Duration::from_secs(1)).await;
        match deliver(&house, &house.post).await {
            Ok(Delivered { is_shut: true, .. }) => rest(REST).await,
            Ok(_) => {}
            Err(problem) if problem.code == Code::Busy => {}
            Err(problem) => {
                tracing::error!(
                    cause = problem.cause.as_deref().unwrap_or_default(),
                    "sending messages failed"
                );
            }
        }
    }
}

async fn note_sent(house: &House, held: Held) -> shiryan_kernel::Result<()> {
    let mut writes = 1;
    loop {
        let (vault, held) = (house.vault.clone(), held.clone());
        match house.db.write_guarded(Lane::System, move |tx| messages::sent(tx, &vault, &held)).await {
            Err(problem) if problem.code == Code::Busy && writes < WRITES => writes += 1,
            outcome => return outcome,
        }
    }
}

/// Sends by `post` what is due now, one after the other.
///
/// # Errors
/// As any write.
pub async fn deliver(house: &House, post: &Post) -> shiryan_kernel::Result<Delivered> {
    let mut done = Delivered::default();
    let mail = &house.settings.mail;
    let mut terms = Terms {
        zone: house.zone,
        origin: None,
        ways: post.ways(),
        resting: Ways::default(),
        quiet: Quiet { from: mail.quiet_from, until: mail.quiet_until },
        a_day: mail.a_day,
        most: mail.attempts,
    };
    loop {
        let now = house.db.now();
        // Most of the time nothing waits, and no write is needed to see that. Who leaves takes up nothing more.
        if house.pulse.is_leaving() || !house.db.read(move |conn| messages::any_due(conn, now)).await? {
            return Ok(done);
        }
        let (vault, zone, sender) = (house.vault.clone(), house.zone, post.clone());
        let claimed = house
            .db
            .write_guarded(Lane::System, move |tx| {
                let now = tx.now;
                let terms = Terms { origin: sender.origin(), ..terms };
                messages::claim(tx, &vault, terms, |conn, template, id| match template {
                    Template::ThankYou => donations::about(conn, VisitId(id)),
                    Template::GiftUsed => stock::gift::about(conn, DonationId(id), now),
                    Template::EligibleAgain => eligibility::about(conn, zone, GivingId(id), now),
                    Template::Invitation => drives::about_invitation(conn, zone, InvitationId(id), now),
                    // Those for users are about nothing but themselves.
                    Template::LevelChanged | Template::RequestMoved | Template::AccountChanged => Ok(None),
                    Template::AppointmentOff
                    | Template::AppointmentCancelled
                    | Template::AppointmentProposed
                    | Template::AppointmentConfirmed
                    | Template::AppointmentChanged
                    | Template::ReminderDays
                    | Template::ReminderHours => drives::about(conn, zone, template, AppointmentId(id), now),
                })
            })
            .await?;
        let Some(held) = claimed else { continue };
        let (post, parcel) = (post.clone(), held.parcel.clone());
        let outcome = off_loop(move || Ok(post.send(&parcel, now))).await?;
        count_try(&outcome);
        let (vault, most) = (house.vault.clone(), terms.most);
        match outcome {
            Ok(()) => {
                note_sent(house, held).await?;
                done.sent += 1;
            }
            Err(failure) => {
                tracing::warn!(message = %held.id, code = failure.code(), "a message did not leave");
                if matches!(failure, Failure::House(_)) {
                    // The other way may be open still.
                    terms.resting = terms.resting.or(held.parcel.way());
                    done.is_shut = true;
                }
                let refused = matches!(failure, Failure::Refused(_));
                let note = move |tx: &mut crate::db::Tx| {
                    messages::failed(tx, &vault, &held, most, refused, failure.code())
                };
                house.db.write_guarded(Lane::System, note).await?;
            }
        }
    }
}

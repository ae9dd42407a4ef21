//! Donations and the drive day over HTTP.

mod day;
mod kinds;
mod numbers;
mod visits;

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shiryan_kernel::blood::{Component, DonationType};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{DonorId, DriveId, FacilityId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::DonorKind;
use utoipa::ToSchema;

use super::{NewDonation, Recorded};
use crate::accounts::{Actor, RecordDonations};
use crate::http::{Answer, Body, House, IdempotencyKey};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(record_donation)
        .service(kinds::count_kinds)
        .service(visits::check_in)
        .service(visits::list_visits)
        .service(visits::screen)
        .service(visits::read_screening)
        .service(visits::consent)
        .service(visits::leave)
        .service(visits::collect)
        .service(visits::depart)
        .service(visits::react)
        .service(visits::list_reactions)
        .service(visits::call)
        .service(visits::inform)
        .service(day::get_questions)
        .service(day::prepare)
        .service(day::set_clock)
        .service(day::get_clock)
        .service(day::arrive)
        .service(day::get_board)
        .service(day::came_of)
        .service(day::close_out)
        .service(day::roster)
        .service(numbers::hand_out)
        .service(numbers::list_dins)
        .service(numbers::spoil);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DonationForm {
    donor: DonorId,
    donation_type: DonationType,
    /// The donation identification number: 13 characters, 14 with its check, or as scanned.
    din: String,
    /// mL collected, 1 to 1000.
    volume_ml: i32,
    /// Not in the future, and at most 30 days ago.
    collected_at: DateTime<Utc>,
    /// The drive in which it was given, on that civil day.
    drive: Option<DriveId>,
    /// The blood bank that keeps the units: a bank's own, else the drive's, unless said here.
    facility: Option<FacilityId>,
    /// What it is made into; as its type usually is, unless said here.
    components: Option<Vec<Component>>,
    /// How the donor came to give this time; as the register says, unless said here. It changes nothing for anybody.
    given_as: Option<DonorKind>,
    /// What the set of bags holds; as the house's do (`stock.bags`), unless said here. Red cells and whole blood keep
    /// accordingly.
    additive: Option<Additive>,
}

/// Records a donation; its units are born in quarantine.
///
/// A donation has happened and is never lost: one of a donor who should not have given is recorded with
/// the warning `not_eligible`, and its units are blocked.
#[utoipa::path(tag = "donations", params(("Idempotency-Key" = String, Header)), request_body = DonationForm,
    responses((status = 201, description = "Recorded", body = Recorded)))]
#[post("/donations")]
async fn record_donation(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    key: IdempotencyKey,
    body: Body<DonationForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let din = faults.keep("din", Din::parse(&form.din));
    let new = faults.give(din.map(|din| NewDonation {
        donor: form.donor,
        donation_type: form.donation_type,
        din,
        volume_ml: form.volume_ml,
        collected_at: form.collected_at,
        drive: form.drive,
        facility: form.facility,
        components: form.components,
        given_as: form.given_as,
        additive: form.additive,
    }))?;
    let (who, of) = (by.clone(), house.clone());
    let recorded: Recorded =
        house.once(&by, request, move |tx| super::record(tx, of.desk(), &who, &new)).await?;
    Ok(HttpResponse::Created().json(recorded))
}

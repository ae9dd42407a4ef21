//! Registers as files, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::super::{ExportPurpose, Register, ask_export, export};
use crate::accounts::{Actor, Asked, ExportDonors};
use crate::db::{Tx, off_loop};
use crate::http::{Answer, Body, House, IdempotencyKey, Query, file};
use crate::sheets::Format;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(ask).service(donors).service(deferrals).service(donations);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// `csv` unless given.
    format: Option<Format>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExportForm {
    register: Register,
    purpose: ExportPurpose,
    #[schema(max_length = 500)]
    reason: String,
}

/// Asks that a register of the own scope may be taken out as a file. Once a blood bank's user or a physician who is
/// another person has approved it, its operation gives the file for a day.
#[utoipa::path(tag = "donors", params(("Idempotency-Key" = String, Header)), request_body = ExportForm,
    responses((status = 202, description = "It waits for a second person", body = Asked)))]
#[post("/exports")]
async fn ask(
    house: web::Data<House>,
    by: Actor<ExportDonors>,
    key: IdempotencyKey,
    body: Body<ExportForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ExportForm { register, purpose, reason } = body.into_inner();
    let reason = Note::parse(&reason).map_err(|problem| problem.on("reason"))?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let write = move |tx: &mut Tx| ask_export(tx, &vault, &who, (register, purpose), &reason);
    let asked = house.once(&by, request, write).await?;
    Ok(HttpResponse::Accepted().json(asked))
}

/// The donors of the own scope as a file with every name, in the columns that an import takes. The file is recorded
/// with its rows before its first byte leaves.
#[utoipa::path(tag = "donors", params(Wanted),
    responses((status = 200, description = "Text or a workbook",
        content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/donors/export")]
async fn donors(house: web::Data<House>, by: Actor<ExportDonors>, query: Query<Wanted>) -> Answer {
    send(&house, by, Register::Donors, &query).await
}

/// The deferrals of the donors of the own scope as a file: those whose causes the caller may learn, and no trace of
/// any other.
#[utoipa::path(tag = "donors", params(Wanted),
    responses((status = 200, description = "Text or a workbook",
        content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/deferrals/export")]
async fn deferrals(house: web::Data<House>, by: Actor<ExportDonors>, query: Query<Wanted>) -> Answer {
    send(&house, by, Register::Deferrals, &query).await
}

/// What the donors of the own scope gave, as a file.
#[utoipa::path(tag = "donors", params(Wanted),
    responses((status = 200, description = "Text or a workbook",
        content((String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/donations/export")]
async fn donations(house: web::Data<House>, by: Actor<ExportDonors>, query: Query<Wanted>) -> Answer {
    send(&house, by, Register::Donations, &query).await
}

async fn send(
    house: &web::Data<House>,
    by: Actor<ExportDonors>,
    register: Register,
    query: &Query<Wanted>,
) -> Answer {
    let room = house.room_for_a_file()?;
    let format = query.format.unwrap_or_default();
    let (db, vault, book) = (house.db.clone(), house.vault.clone(), house.rules.clone());
    let written =
        off_loop(move || Ok(export((&db, &vault, &book), &by, register, format, file::nameless()?)?.0))
            .await?;
    Ok(file::attachment(
        written,
        room,
        &format!("{register}-{}.{format}", house.today()),
        format.media_type(),
    )?)
}

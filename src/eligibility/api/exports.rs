//! Registers as files, over HTTP.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::{Register, export};
use crate::accounts::{Actor, ExportDonors};
use crate::db::off_loop;
use crate::http::{Answer, House, Query, file};
use crate::sheets::Format;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(donors).service(deferrals).service(donations);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// `csv` unless given.
    format: Option<Format>,
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

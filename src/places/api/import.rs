//! Units and facilities out of a file, over HTTP.

use actix_web::{HttpResponse, post, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use shiryan_kernel::place::PlaceKind;
use shiryan_kernel::status::JobKind;
use shiryan_kernel::{Code, Problem};
use utoipa::ToSchema;

use crate::accounts::{Actor, ManagePlaces};
use crate::db::Tx;
use crate::http::{Answer, Body, House, IdempotencyKey};
use crate::jobs::{self, Queued};
use crate::places::SentFile;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportForm {
    kind: PlaceKind,
    /// Reads and checks everything, writes nothing.
    dry_run: bool,
    /// CSV or XLSX, in base 64. Columns as docs/import.md tells them.
    file: String,
}

/// Brings in many units or facilities out of a file, or only tries it. Long work: `GET /jobs/{id}` tells how far it is, and
/// its `result` is an `ImportResult`. What is there already and the same is passed over.
#[utoipa::path(tag = "places", params(("Idempotency-Key" = String, Header)), request_body = ImportForm,
    responses((status = 202, description = "Queued", body = Queued)))]
#[post("/places/imports")]
pub(super) async fn import(
    house: web::Data<House>,
    by: Actor<ManagePlaces>,
    key: IdempotencyKey,
    body: Body<ImportForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ImportForm { kind, dry_run, file } = body.into_inner();
    let file = STANDARD.decode(file).map_err(|_| Problem::field("file", Code::InvalidValue))?;
    let sent = SentFile::of(kind, dry_run, by.user, &file)?;
    let work = serde_json::to_string(&sent).map_err(Problem::internal)?;
    let (vault, who) = (house.vault.clone(), by.user);
    let ask = move |tx: &mut Tx| jobs::queue(tx, &vault, who, JobKind::ImportPlaces, &work);
    Ok(HttpResponse::Accepted().json(house.once(&by, request, ask).await?))
}

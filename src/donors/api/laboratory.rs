//! What the laboratory found beside the group, over HTTP: antigens, titres, and the emergency panel.

use actix_web::{HttpResponse, get, post, web};
use shiryan_kernel::ids::DonorId;

use crate::accounts::{Actor, SeePanel, TypeGroups};
use crate::donations::panel::{self, Panel};
use crate::donors::{self, Antigens, AntigensRecorded, NewAntigens, NewTitre, Scope, TitreRecorded, Titres};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, PathId};

/// Records antigens beside ABO and RhD. Results that disagree are discrepant until one is corrected.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = NewAntigens, responses((status = 201, description = "Recorded", body = AntigensRecorded)))]
#[post("/donors/{id}/antigens")]
pub(super) async fn type_antigens(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<NewAntigens>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (new, today) = (body.into_inner(), house.today());
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let recorded =
        house.once(&by, request, move |tx| donors::type_antigens(tx, &vault, &who, id, &new, today)).await?;
    Ok(HttpResponse::Created().json(recorded))
}

/// A donor's antigens beside ABO and RhD: every result, and the phenotype on which those that count agree.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)),
    responses((status = 200, description = "The ledger and the phenotype", body = Antigens)))]
#[get("/donors/{id}/antigens")]
pub(super) async fn list_antigens(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let (who, id) = (by.clone(), id.0);
    let found = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::antigens(conn, &scope, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Records titres of anti-A and anti-B of a donor typed as group O.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = NewTitre, responses((status = 201, description = "Recorded", body = TitreRecorded)))]
#[post("/donors/{id}/titres")]
pub(super) async fn record_titre(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<NewTitre>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (new, today, limits) = (body.into_inner(), house.today(), house.titre_limits());
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let recorded =
        house.once(&by, request, move |tx| donors::titre(tx, &vault, &who, id, &new, limits, today)).await?;
    Ok(HttpResponse::Created().json(recorded))
}

/// A donor's titres, and until when they make a low-titre group O donor.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)),
    responses((status = 200, description = "The ledger and what follows", body = Titres)))]
#[get("/donors/{id}/titres")]
pub(super) async fn list_titres(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let (who, id, limits) = (by.clone(), id.0, house.titre_limits());
    let found = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::titres(conn, &scope, id, limits)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Whether a donor may be counted on for an emergency collection, and what is missing. Tells of no deferral:
/// those are asked when the donor is called.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)),
    responses((status = 200, description = "Membership and requirements", body = Panel)))]
#[get("/donors/{id}/emergency-panel")]
pub(super) async fn read_panel(
    house: web::Data<House>,
    by: Actor<SeePanel>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let (who, id, limits, today) = (by.clone(), id.0, house.titre_limits(), house.today());
    let (vault, required) = (house.vault.clone(), house.settings.laboratory.panel.clone());
    let panel = house
        .db
        .read(move |conn| panel::emergency_panel(conn, &vault, &who, id, (limits, &required), today))
        .await?;
    Ok(HttpResponse::Ok().json(panel))
}

//! Whom to call, and what came of calls, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::status::CallOutcome;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, Book};
use crate::db::off_loop;
use crate::drives::{self, Called, Due};
use crate::http::{Answer, Body, House, IdempotencyKey, PathId, Query};
use crate::roster;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    blood_group: Option<BloodGroup>,
    /// This unit and all below it.
    unit: Option<UnitId>,
}

/// Somebody to call.
#[derive(Debug, Serialize, ToSchema)]
struct DueView {
    donor: DonorId,
    blood_group: Option<BloodGroup>,
    /// When they were last asked by message.
    asked_at: Option<DateTime<Utc>>,
    called_at: Option<DateTime<Utc>>,
    outcome: Option<CallOutcome>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DueList {
    as_of: DateTime<Utc>,
    /// Fifty at most.
    items: Vec<DueView>,
}

/// Donors of the own scope who may give whole blood today, have not refused calls and have no appointment to come;
/// whoever was asked or called longest ago first, fifty at most. Nobody is named before the day on which they may give.
#[utoipa::path(tag = "drives", params(Which), responses((status = 200, description = "Whom to call", body = DueList)))]
#[get("/calls/due")]
pub(super) async fn list_due(house: web::Data<House>, by: Actor<Book>, query: Query<Which>) -> Answer {
    let Which { blood_group, unit } = query.into_inner();
    let (all, who) = (house.clone(), by.clone());
    let found =
        off_loop(move || roster::to_call(&all.roster, &all.db, all.zone, &who, (blood_group, unit))).await?;
    let items = found.into_iter().map(DueView::from).collect();
    Ok(HttpResponse::Ok().json(DueList { as_of: house.db.now(), items }))
}

impl From<Due> for DueView {
    fn from(due: Due) -> Self {
        Self {
            donor: due.donor,
            blood_group: due.group,
            asked_at: due.asked_at,
            called_at: due.called.map(|(at, _)| at),
            outcome: due.called.map(|(_, outcome)| outcome),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallForm {
    outcome: CallOutcome,
}

/// Notes what came of a call to a donor. Who wants no more calls is not named again.
#[utoipa::path(tag = "drives", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CallForm, responses((status = 201, description = "Noted", body = Called)))]
#[post("/donors/{id}/calls")]
pub(super) async fn note(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<CallForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let outcome = body.into_inner().outcome;
    let (vault, who) = (house.vault.clone(), by.clone());
    let called =
        house.once(&by, request, move |tx| drives::note_call(tx, &vault, &who, id.0, outcome)).await?;
    Ok(HttpResponse::Created().json(called))
}

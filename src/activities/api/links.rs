//! Links between activities over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::ActivityId;
use shiryan_kernel::status::LinkKind;
use utoipa::ToSchema;

use super::ActivityView;
use crate::accounts::{Actor, PlanActivities, SeeActivities};
use crate::activities::{self, Direction, Linked};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, PathId};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    to: ActivityId,
    kind: LinkKind,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnlinkForm {
    to: ActivityId,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Pair {
    id: ActivityId,
    to: ActivityId,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkView {
    kind: LinkKind,
    /// `out`: this activity to the other, such as that it follows it; `in`: the other to this one; `both`: the same
    /// from both.
    direction: Direction,
    /// As the caller may see it.
    activity: ActivityView,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkList {
    items: Vec<LinkView>,
}

/// What other activities, drives among them, are to this one.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path)),
    responses((status = 200, description = "All links, by the other's start", body = LinkList)))]
#[get("/activities/{id}/links")]
pub(super) async fn list_links(
    house: web::Data<House>,
    by: Actor<SeeActivities>,
    id: PathId<ActivityId>,
    _query: NoQuery,
) -> Answer {
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let links = house.db.read(move |conn| activities::links(conn, &vault, zone, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(LinkList { items: links.into_iter().map(LinkView::from).collect() }))
}

/// Links an activity, or a drive, to another one: one link for a pair.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = LinkForm, responses((status = 201, description = "Linked", body = Pair)))]
#[post("/activities/{id}/links")]
pub(super) async fn link(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<LinkForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let LinkForm { to, kind } = body.into_inner();
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let linked = house
        .once(&by, request, move |tx| {
            activities::link(tx, &vault, &who, id, to, kind)?;
            Ok(Pair { id, to })
        })
        .await?;
    Ok(HttpResponse::Created().json(linked))
}

/// Takes the link between two activities away, from whichever end it was made.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = UnlinkForm, responses((status = 200, description = "No longer linked", body = Pair)))]
#[post("/activities/{id}/links/remove")]
pub(super) async fn unlink(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<UnlinkForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let to = body.into_inner().to;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let unlinked = house
        .once(&by, request, move |tx| {
            activities::unlink(tx, &vault, &who, id, to)?;
            Ok(Pair { id, to })
        })
        .await?;
    Ok(HttpResponse::Ok().json(unlinked))
}

impl From<Linked> for LinkView {
    fn from(told: Linked) -> Self {
        let Linked { kind, direction, other } = told;
        Self { kind, direction, activity: other.into() }
    }
}

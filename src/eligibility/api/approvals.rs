//! Requests that need two people, over HTTP. They stand here because what most of them ask is sealed under a
//! donor's key, and this room can open it.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{ApprovalId, DonorId, GivingId, MergeId, UnitId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::{ApprovalKind, ApprovalState};
use utoipa::{IntoParams, ToSchema};

use super::super::{
    DeferralFact, ExportOrder, ExportPurpose, GivingCorrection, PolicyOrder, Proposal, Register, proposal,
};
use super::deferrals::DeferralView;
use crate::accounts::{self, Actor, Approval, DecideApprovals, SeeApprovals};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, Nothing, PathId, Query, Speak};
use crate::stock;
use crate::texts::{self, Lang};

/// Adds the operations.
pub(super) fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(read).service(approve).service(refuse);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    state: Option<ApprovalState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ApprovalView {
    id: ApprovalId,
    kind: ApprovalKind,
    /// Whom it is about; absent where it is about the house.
    donor: Option<DonorId>,
    state: ApprovalState,
    asked_by: UserId,
    asked_at: DateTime<Utc>,
    /// Nobody can decide from then on.
    expires_at: DateTime<Utc>,
    decided_by: Option<UserId>,
    decided_at: Option<DateTime<Utc>>,
}

/// A request with what it asks.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenedApprovalView)]
struct OpenedView {
    #[serde(flatten)]
    approval: ApprovalView,
    reason: String,
    proposal: ProposalView,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ProposalView {
    /// The deferral as it stands, and as it shall stand.
    CorrectDeferral {
        now: DeferralView,
        then: ThenView,
    },
    WithdrawDeferral {
        now: DeferralView,
    },
    CorrectGiving {
        giving: GivingId,
        then: GivingView,
    },
    /// The record is to be read as the survivor.
    MergeDonors {
        donor: DonorId,
        survivor: DonorId,
    },
    /// Each record is to be read for itself again.
    UndoMerge {
        merge: MergeId,
        donor: DonorId,
        survivor: DonorId,
    },
    /// A register is to be taken out by whoever asks, within a day.
    ExportRegister {
        register: Register,
        purpose: ExportPurpose,
        /// The asker's units, with all below them; absent where it is the whole force.
        units: Option<Vec<UnitId>>,
    },
    /// A rule set is to be put in force, in these words.
    ChangePolicy {
        code: String,
        version: u32,
        effective_from: NaiveDate,
        text: String,
        /// SHA-256 of the text, as `sha256sum` says it of the file.
        sha256: String,
    },
    /// The root key is to be changed by whoever asks, once, within a week.
    ChangeKeys {},
}

#[derive(Serialize, ToSchema)]
struct ThenView {
    code: String,
    /// In the language of the request.
    text: String,
    base: Option<NaiveDate>,
    second_base: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApprovalGivingView)]
struct GivingView {
    given_on: NaiveDate,
    donation_type: DonationType,
    volume_ml: Option<u16>,
    red_cells_lost: bool,
    /// There was no giving.
    voided: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct Decided {
    id: ApprovalId,
    state: ApprovalState,
}

/// Requests that the caller asked or may decide, oldest first.
#[utoipa::path(tag = "accounts", params(Asked),
    responses((status = 200, description = "A page", body = Page<ApprovalView>)))]
#[get("/approvals")]
async fn list(house: web::Data<House>, by: Actor<SeeApprovals>, query: Query<Asked>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, state, who, now) = (query.limit.get(), query.state, by.clone(), house.db.now());
    let rows =
        house.db.read(move |conn| accounts::approvals(conn, &who, state, now, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, ApprovalView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One request, with what it asks and why.
#[utoipa::path(tag = "accounts", params(("id" = ApprovalId, Path)),
    responses((status = 200, description = "The request", body = OpenedView)))]
#[get("/approvals/{id}")]
async fn read(
    house: web::Data<House>,
    by: Actor<SeeApprovals>,
    Speak(lang): Speak,
    id: PathId<ApprovalId>,
    _query: NoQuery,
) -> Answer {
    let (vault, book, who, id, now) =
        (house.vault.clone(), house.rules.clone(), by.clone(), id.0, house.db.now());
    let (approval, what, reason) = house
        .db
        .read(move |conn| {
            let approval = accounts::approval(conn, &who, id, now)?;
            let (what, reason) = proposal(conn, &vault, &book, &who, &approval)?;
            Ok((approval, what, reason))
        })
        .await?;
    let proposal = ProposalView::new(what, lang);
    Ok(HttpResponse::Ok().json(OpenedView { approval: approval.into(), reason, proposal }))
}

/// Approves a request of somebody else, and carries it out; or gives its asker leave to.
#[utoipa::path(tag = "accounts", params(("id" = ApprovalId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Carried out", body = Decided)))]
#[post("/approvals/{id}/approve")]
async fn approve(
    house: web::Data<House>,
    by: Actor<DecideApprovals>,
    id: PathId<ApprovalId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    decide(house, by, id.0, key, body, ApprovalState::Approved).await
}

/// Refuses a request of somebody else: nothing changes.
#[utoipa::path(tag = "accounts", params(("id" = ApprovalId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Refused", body = Decided)))]
#[post("/approvals/{id}/refuse")]
async fn refuse(
    house: web::Data<House>,
    by: Actor<DecideApprovals>,
    id: PathId<ApprovalId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    decide(house, by, id.0, key, body, ApprovalState::Refused).await
}

async fn decide(
    house: web::Data<House>,
    by: Actor<DecideApprovals>,
    id: ApprovalId,
    key: IdempotencyKey,
    body: Body<Nothing>,
    verdict: ApprovalState,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let decided = house
        .once(&by, request, move |tx| {
            let approval = stock::settle_approval(tx, &vault, &book, &who, id, verdict)?;
            Ok(Decided { id: approval.id, state: approval.state })
        })
        .await?;
    Ok(HttpResponse::Ok().json(decided))
}

impl From<Approval> for ApprovalView {
    fn from(row: Approval) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            donor: row.subject,
            state: row.state,
            asked_by: row.asked_by,
            asked_at: row.asked_at.and_utc(),
            expires_at: row.expires_at.and_utc(),
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(|at| at.and_utc()),
        }
    }
}

impl ProposalView {
    fn new(what: Proposal, lang: Lang) -> Self {
        match what {
            Proposal::CorrectDeferral { now, then } => {
                let DeferralFact { code, base, second_base, ended_on, .. } = then;
                let text = texts::reason(lang, &code);
                let then = ThenView { code, text, base, second_base, ended_on };
                Self::CorrectDeferral { now: DeferralView::new(now, lang), then }
            }
            Proposal::WithdrawDeferral { now } => {
                Self::WithdrawDeferral { now: DeferralView::new(now, lang) }
            }
            Proposal::MergeDonors { donor, survivor } => Self::MergeDonors { donor, survivor },
            Proposal::UndoMerge { merge, donor, survivor } => Self::UndoMerge { merge, donor, survivor },
            Proposal::ChangeKeys => Self::ChangeKeys {},
            Proposal::ChangePolicy(order) => {
                let sha256 = order.digest();
                let PolicyOrder { code, version, effective_from, text } = order;
                Self::ChangePolicy { code, version, effective_from, text, sha256 }
            }
            Proposal::ExportRegister(order) => {
                let ExportOrder { register, purpose, units } = order;
                Self::ExportRegister { register, purpose, units }
            }
            Proposal::CorrectGiving { giving, then } => {
                let GivingCorrection { on, donation_type, volume_ml, red_cells_lost, voided } = then;
                let then = GivingView { given_on: on, donation_type, volume_ml, red_cells_lost, voided };
                Self::CorrectGiving { giving, then }
            }
        }
    }
}

//! Searching donors over HTTP. The terms travel in the body: a query would stand in logs of proxies.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::page::Page;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::DonorView;
use crate::accounts::{Actor, Principal, SeeDonors};
use crate::db::{Lane, Tx};
use crate::donors::{self, Budget, Found, LookUp, Scope, Term, Words};
use crate::http::{Answer, Body, House, Limit};
use crate::vault::hex;

/// What is searched for: exactly one of the five terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    /// Words in any spelling and order, 200 characters and eight words at most, one of two letters at
    /// least: each must begin some part of the name.
    name: Option<String>,
    /// Nine digits.
    national_id: Option<String>,
    service_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
    cursor: Option<String>,
}

impl Terms {
    fn term(&self) -> Result<Term> {
        Term::parse([
            ("name", self.name.as_deref()),
            ("national_id", self.national_id.as_deref()),
            ("service_number", self.service_number.as_deref()),
            ("phone", self.phone.as_deref()),
            ("email", self.email.as_deref()),
        ])
    }
}

/// Donors by the beginnings of their names or by one exact number, oldest first; a medic finds those of the
/// own scope. No sealed field is in the answer. Exact numbers may be looked up so many times a day.
#[utoipa::path(tag = "donors", request_body = Terms,
    responses((status = 200, description = "A page", body = Page<DonorView>)))]
#[post("/donors/search")]
pub(super) async fn search(house: web::Data<House>, by: Actor<SeeDonors>, body: Body<Terms>) -> Answer {
    let terms = body.into_inner();
    let limit = usize::try_from(terms.limit.get()).map_err(Problem::internal)?;
    let (list, found) = match terms.term()? {
        Term::Name(words) => {
            let list = list(&house, b"name", words.canonical().as_bytes());
            let after = after(&house, &terms, &list)?;
            (list, by_name(&house, &by, words, after, limit).await?)
        }
        Term::Exact(exact) => {
            let key = exact.key(&house.vault)?;
            let list = list(&house, key.field.as_bytes(), &key.tag);
            let after = after(&house, &terms, &list)?;
            (list, look_up(&house, &by, key, after, limit).await?)
        }
    };
    let next = found.last.map(|last| house.cursors.seal(&last.0, &list, house.db.now())).transpose()?;
    let items = found.donors.into_iter().map(DonorView::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// What a cursor is sealed for: this term and no other, by its digest.
fn list(house: &House, field: &[u8], term: &[u8]) -> String {
    format!("/donors/search?{}", hex(&house.vault.digest(&[field, term])))
}

fn after(house: &House, terms: &Terms, list: &str) -> Result<DonorId> {
    Ok(DonorId(house.after(terms.cursor.as_deref(), list)?.unwrap_or(0)))
}

async fn by_name(house: &House, by: &Principal, words: Words, after: DonorId, limit: usize) -> Result<Found> {
    let (names, who) = (house.names.clone(), by.clone());
    house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::by_name(conn, &names, &scope, &words, after, limit)
        })
        .await
}

async fn look_up(
    house: &House,
    by: &Principal,
    key: donors::Key,
    after: DonorId,
    limit: usize,
) -> Result<Found> {
    let (vault, who, budget) = (house.vault.clone(), by.clone(), budget(house));
    let looked_up = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| {
            donors::look_up(tx, &vault, &who, &key, budget, (after, limit))
        })
        .await?;
    match looked_up {
        LookUp::Found(found) => Ok(found),
        LookUp::OverBudget => {
            let tomorrow = house.zone.start_of(shiryan_kernel::time::plus_days(budget.today, 1));
            let wait = (tomorrow - house.db.now()).num_seconds().max(1);
            Err(Problem::new(Code::TooManyRequests).with("retry_after", wait))
        }
    }
}

fn budget(house: &House) -> Budget {
    Budget { a_day: house.settings.donors.exact_look_ups_a_day, today: house.today() }
}

/// The outcome of a form with numbers; that one of them is known counts as a look-up.
pub(super) async fn counting<T>(house: &House, by: &Principal, outcome: Result<T>) -> Result<T> {
    if outcome.as_ref().is_err_and(|problem| problem.code == Code::DonorAlreadyRegistered) {
        let (vault, who, budget) = (house.vault.clone(), by.clone(), budget(house));
        let counted = move |tx: &mut Tx| donors::met_known(tx, &vault, &who, budget);
        house.db.write(Lane::Actor(by.user.0), counted).await?;
    }
    outcome
}

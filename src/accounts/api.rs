//! Sign-ins and users over HTTP.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{FacilityId, UnitId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Problem};
use utoipa::ToSchema;

use super::{Actor, Grant, ManageUsers, NewUser, SignIn, SignedIn, User, Username};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, Paging, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(sign_in).service(refresh).service(sign_out).service(create_user).service(list_users);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
    /// Required at the first sign-in with a password that somebody else chose.
    new_password: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: String,
}

#[derive(Serialize, ToSchema)]
struct Granted {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Good once: each refresh gives a new one.
    refresh_token: String,
    user: UserId,
    role: Role,
    facility: Option<FacilityId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserForm {
    /// 3 to 32 of `a-z 0-9 . _ -`.
    username: String,
    /// To be changed at the first sign-in.
    password: String,
    role: Role,
    /// For `hospital` and `bank`.
    facility: Option<FacilityId>,
    /// For `medic`: the units that the scope stands on, with all below them.
    #[serde(default)]
    units: Vec<UnitId>,
}

#[derive(Serialize, ToSchema)]
struct UserView {
    id: UserId,
    username: String,
    role: Role,
    facility: Option<FacilityId>,
    units: Vec<UnitId>,
    disabled: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct UserMade {
    id: UserId,
}

/// Signs in.
#[utoipa::path(tag = "accounts", security(()), request_body = Credentials,
    responses((status = 201, description = "Signed in", body = Granted)))]
#[post("/sessions")]
async fn sign_in(house: web::Data<House>, body: Body<Credentials>) -> Answer {
    let Credentials { username, password, new_password } = body.into_inner();
    let grant = house.sessions.begin(SignIn { username, password, new_password }).await?;
    Ok(HttpResponse::Created().json(granted(&house, grant)?))
}

/// Trades a refresh token for new tokens. A token that was spent before ends the sign-in.
#[utoipa::path(tag = "accounts", security(()), request_body = Refresh,
    responses((status = 201, description = "Refreshed", body = Granted)))]
#[post("/sessions/refresh")]
async fn refresh(house: web::Data<House>, body: Body<Refresh>) -> Answer {
    let grant = house.sessions.refresh(&body.value.refresh_token).await?;
    Ok(HttpResponse::Created().json(granted(&house, grant)?))
}

/// Signs out: this sign-in's tokens are refused from now on.
#[utoipa::path(tag = "accounts", responses((status = 204, description = "Signed out")))]
#[delete("/sessions/current")]
async fn sign_out(house: web::Data<House>, by: Actor<SignedIn>, _query: NoQuery) -> Answer {
    house.sessions.end(&by).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a user, who chooses a password of their own at the first sign-in.
#[utoipa::path(tag = "accounts", params(("Idempotency-Key" = String, Header)), request_body = UserForm,
    responses((status = 201, description = "Made", body = UserMade)))]
#[post("/users")]
async fn create_user(
    house: web::Data<House>,
    by: Actor<ManageUsers>,
    key: IdempotencyKey,
    body: Body<UserForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let username = faults.keep("username", Username::parse(&form.username));
    faults.keep("password", house.sessions.hasher.check(&form.password));
    if form.units.len() > 50 {
        faults.add("units", Code::OutOfRange);
    }
    let username = faults.give(username)?;
    let hash = house.sessions.hasher.hash(form.password).await?;
    let mut units = form.units;
    units.sort_unstable();
    units.dedup();
    let new = NewUser { username, role: form.role, facility: form.facility, units };
    let (vault, who) = (house.vault.clone(), by.user);
    let made = house
        .once(&by, request, move |tx| Ok(UserMade { id: super::create(tx, &vault, who, &new, &hash)? }))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Users, oldest first.
#[utoipa::path(tag = "accounts", params(Paging), responses((status = 200, description = "A page", body = Page<UserView>)))]
#[get("/users")]
async fn list_users(house: web::Data<House>, _by: Actor<ManageUsers>, query: Query<Paging>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let limit = query.limit.get();
    let rows = house.db.read(move |conn| super::list(conn, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, UserView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

fn granted(house: &House, grant: Grant) -> Result<Granted, Problem> {
    let Grant { principal, refresh_token } = grant;
    let tokens = &house.sessions.tokens;
    Ok(Granted {
        access_token: tokens.make(&principal, house.db.now())?,
        token_type: "Bearer",
        expires_in: tokens.seconds(),
        refresh_token,
        user: principal.user,
        role: principal.role,
        facility: principal.facility,
    })
}

impl From<User> for UserView {
    fn from(row: User) -> Self {
        let User { id, username, role, facility, units, disabled } = row;
        Self { id, username, role, facility, units, disabled }
    }
}

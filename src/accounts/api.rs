//! Sign-ins and users over HTTP.

use actix_web::{HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{FacilityId, SessionId, UnitId, UserId};
use shiryan_kernel::message::Template;
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::text::{Email, Note};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{
    Actor, Asked, Enrolment, Grant, ManageKeys, ManageUsers, NewUser, Open, Principal, SignIn, SignedIn,
    User, Username,
};
use crate::db::{Tx, once};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, Nothing, Paging, PathId, Peer, Query};
use crate::messages;
use crate::vault::Vault;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(sign_in).service(refresh).service(enrol).service(sign_out);
    config.service(list_sessions).service(revoke_session);
    config.service(create_user).service(list_users);
    config.service(reset_user).service(disable_user).service(enable_user).service(ask_key_change);
    // The own one first: its path is also that of an id.
    config.service(set_own_address).service(set_user_address);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
    /// Required at the first sign-in with a password that somebody else chose.
    new_password: Option<String>,
    /// Required of whoever has a second factor: the six digits that the device shows, or a recovery code.
    code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrolForm {
    username: String,
    password: String,
}

/// Shown this once.
#[derive(Serialize, ToSchema)]
struct EnrolmentView {
    /// Base 32, to be typed into an authenticator.
    secret: String,
    /// The same to be scanned: `otpauth://totp/…` (SHA-1, six digits, 30 seconds).
    uri: String,
}

/// A sign-in that lives.
#[derive(Serialize, ToSchema)]
struct SessionView {
    id: SessionId,
    /// `api` or `browser`.
    kind: String,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(Serialize, ToSchema)]
struct SessionsView {
    items: Vec<SessionView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyChangeForm {
    #[schema(max_length = 500)]
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetForm {
    /// To be changed at the first sign-in.
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressForm {
    /// `null` and not absent: nobody forgets an address by leaving a field out.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    email: Option<String>,
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
    /// Ten codes, each good once instead of the device's; there where this sign-in confirmed a second factor, and never
    /// shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
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
async fn sign_in(house: web::Data<House>, Peer(from): Peer, body: Body<Credentials>) -> Answer {
    let Credentials { username, password, new_password, code } = body.into_inner();
    let grant = house.sessions.begin(SignIn { username, password, new_password, code, from }).await?;
    Ok(HttpResponse::Created().json(granted(&house, grant)?))
}

/// Begins the enrolment of a second factor; a sign-in with a code of it confirms it.
#[utoipa::path(tag = "accounts", security(()), request_body = EnrolForm,
    responses((status = 201, description = "Begun", body = EnrolmentView)))]
#[post("/sessions/second-factor")]
async fn enrol(house: web::Data<House>, Peer(from): Peer, body: Body<EnrolForm>) -> Answer {
    let EnrolForm { username, password } = body.into_inner();
    let Enrolment { secret, uri } = house.sessions.enrol(username, password, from).await?;
    Ok(HttpResponse::Created().json(EnrolmentView { secret, uri }))
}

/// One's own sign-ins that live, oldest first.
#[utoipa::path(tag = "accounts", responses((status = 200, description = "All of them", body = SessionsView)))]
#[get("/sessions")]
async fn list_sessions(house: web::Data<House>, by: Actor<SignedIn>, _query: NoQuery) -> Answer {
    let show = |open: Open| SessionView {
        current: open.id == by.session,
        id: open.id,
        kind: open.kind,
        since: open.since.and_utc(),
        until: open.until.and_utc(),
    };
    let items = house.sessions.open(&by).await?.into_iter().map(show).collect();
    Ok(HttpResponse::Ok().json(SessionsView { items }))
}

/// Ends one of one's own sign-ins; on other instances within seconds.
#[utoipa::path(tag = "accounts", params(("id" = SessionId, Path)), responses((status = 204, description = "Ended")))]
#[delete("/sessions/{id}")]
async fn revoke_session(
    house: web::Data<House>,
    by: Actor<SignedIn>,
    id: PathId<SessionId>,
    _query: NoQuery,
) -> Answer {
    house.sessions.revoke(&by, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
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

/// Gives an account a new beginning: a password to be changed at the first sign-in, no second factor, no sign-in.
#[utoipa::path(tag = "accounts", params(("id" = UserId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ResetForm, responses((status = 200, description = "Done", body = UserMade)))]
#[post("/users/{id}/reset")]
async fn reset_user(
    house: web::Data<House>,
    by: Actor<ManageUsers>,
    id: PathId<UserId>,
    key: IdempotencyKey,
    body: Body<ResetForm>,
) -> Answer {
    let (request, user) = (key.of(by.user, &body), id.0);
    let password = body.into_inner().password;
    house.sessions.hasher.check(&password).map_err(|problem| problem.on("password"))?;
    let hash = house.sessions.hasher.hash(password).await?;
    stand(&house, &by, request, user, move |tx, vault, who| super::reset(tx, vault, who, user, &hash)).await
}

/// Asks that the root key be changed. Another administrator, or a physician, approves it; for seven days from then whoever
/// asked may change it once, by `shiryan keys rotate`.
#[utoipa::path(tag = "accounts", params(("Idempotency-Key" = String, Header)), request_body = KeyChangeForm,
    responses((status = 202, description = "It waits for a second person", body = Asked)))]
#[post("/key-changes")]
async fn ask_key_change(
    house: web::Data<House>,
    by: Actor<ManageKeys>,
    key: IdempotencyKey,
    body: Body<KeyChangeForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let reason = Note::parse(&body.into_inner().reason).map_err(|problem| problem.on("reason"))?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let asked = house.once(&by, request, move |tx| super::ask_key_change(tx, &vault, &who, &reason)).await?;
    Ok(HttpResponse::Accepted().json(asked))
}

/// Shuts an account: its sign-ins end, on other instances within seconds.
#[utoipa::path(tag = "accounts", params(("id" = UserId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Shut", body = UserMade)))]
#[post("/users/{id}/disable")]
async fn disable_user(
    house: web::Data<House>,
    by: Actor<ManageUsers>,
    id: PathId<UserId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let (request, user) = (key.of(by.user, &body), id.0);
    stand(&house, &by, request, user, move |tx, vault, who| super::disable(tx, vault, who, user)).await
}

/// Opens an account that was shut, as it was.
#[utoipa::path(tag = "accounts", params(("id" = UserId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Open", body = UserMade)))]
#[post("/users/{id}/enable")]
async fn enable_user(
    house: web::Data<House>,
    by: Actor<ManageUsers>,
    id: PathId<UserId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let (request, user) = (key.of(by.user, &body), id.0);
    stand(&house, &by, request, user, move |tx, vault, who| super::enable(tx, vault, who, user)).await
}

/// Sets where a user is written to when there is something to look at; letters say not what. `null` forgets it.
#[utoipa::path(tag = "accounts", params(("id" = UserId, Path), ("Idempotency-Key" = String, Header)),
    request_body = AddressForm, responses((status = 200, description = "Set", body = UserMade)))]
#[post("/users/{id}/address")]
async fn set_user_address(
    house: web::Data<House>,
    by: Actor<ManageUsers>,
    id: PathId<UserId>,
    key: IdempotencyKey,
    body: Body<AddressForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    set_address(&house, &by, request, id.0, body.into_inner()).await
}

/// Sets where oneself is written to; `null` forgets it.
#[utoipa::path(tag = "accounts", params(("Idempotency-Key" = String, Header)),
    request_body = AddressForm, responses((status = 200, description = "Set", body = UserMade)))]
#[post("/users/own/address")]
async fn set_own_address(
    house: web::Data<House>,
    by: Actor<SignedIn>,
    key: IdempotencyKey,
    body: Body<AddressForm>,
) -> Answer {
    let (request, user) = (key.of(by.user, &body), by.user);
    set_address(&house, &by, request, user, body.into_inner()).await
}

async fn set_address(
    house: &House,
    by: &Principal,
    request: once::Request,
    user: UserId,
    form: AddressForm,
) -> Answer {
    let email = form.email.map(|text| Email::parse(&text)).transpose();
    let email = email.map_err(|problem| problem.on("email"))?;
    let (vault, who) = (house.vault.clone(), by.user);
    let done = house
        .once(by, request, move |tx| {
            super::set_address(tx, &vault, who, user, email.as_ref())?;
            Ok(UserMade { id: user })
        })
        .await?;
    Ok(HttpResponse::Ok().json(done))
}

/// Changes how an account stands, and the sign-ins that this instance keeps with it.
async fn stand(
    house: &House,
    by: &Actor<ManageUsers>,
    request: once::Request,
    user: UserId,
    step: impl Fn(&mut Tx, &Vault, UserId) -> Result<()> + Send + 'static,
) -> Answer {
    let (vault, who) = (house.vault.clone(), by.user);
    let done = house
        .once(by, request, move |tx| {
            step(tx, &vault, who)?;
            messages::tell_users(tx, Template::AccountChanged, &[user])?;
            Ok(UserMade { id: user })
        })
        .await?;
    house.sessions.follow().await?;
    Ok(HttpResponse::Ok().json(done))
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
    let Grant { principal, refresh_token, recovery_codes } = grant;
    let tokens = &house.sessions.tokens;
    Ok(Granted {
        access_token: tokens.make(&principal, house.db.now())?,
        token_type: "Bearer",
        expires_in: tokens.seconds(),
        refresh_token,
        user: principal.user,
        role: principal.role,
        facility: principal.facility,
        recovery_codes,
    })
}

impl From<User> for UserView {
    fn from(row: User) -> Self {
        let User { id, username, role, facility, units, disabled } = row;
        Self { id, username, role, facility, units, disabled }
    }
}

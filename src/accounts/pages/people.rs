//! Who may sign in, in which role and for which place; and a form that makes an account.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::{FacilityId, UnitId, UserId};
use shiryan_kernel::message::Template as Letter;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::text::Email;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{self, Actor, ManageUsers, NewUser, User, Username};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, Nothing, PathId};
use crate::messages;
use crate::places::{self, Facility, Unit};
use crate::texts::{Lang, ProblemText};
use crate::vault::Vault;
use crate::web::{Choice, Fields, Frame, Posted, Print, Say, Visitor, field, go, is_for_the_form, told};

/// Accounts, and places, that are listed.
const MOST: i64 = 2_000;
/// The most units of one account.
const MOST_UNITS: usize = 50;

struct Row {
    id: UserId,
    name: String,
    role: String,
    places: Vec<String>,
    is_disabled: bool,
    /// Nobody shuts the own account.
    is_own: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    rows: Vec<Row>,
    is_cut: bool,
    username: String,
    units: String,
    roles: Vec<Choice>,
    facilities: Vec<Choice>,
    characters: i64,
}

pub async fn people(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    show(&house, &visitor, &Fields::default(), None).await
}

async fn show(house: &House, visitor: &Visitor, form: &Fields, problem: Option<&Problem>) -> Answer {
    let by: Actor<ManageUsers> = visitor.seat()?;
    let (users, facilities, units) = house
        .db
        .read(move |conn| {
            let users = accounts::list(conn, 0, MOST + 1)?;
            let facilities = places::facilities(conn, 0, MOST)?;
            Ok((users, facilities, places::units(conn, None, 0, MOST)?))
        })
        .await?;
    let frame = Frame { at: "/people".to_owned(), ..Frame::of(house, visitor, "people-title") };
    let say = frame.say;
    let of_facility: HashMap<FacilityId, &Facility> = facilities.iter().map(|own| (own.id, own)).collect();
    let of_unit: HashMap<UnitId, &Unit> = units.iter().map(|own| (own.id, own)).collect();
    let row = |user: &User| Row {
        id: user.id,
        name: user.username.clone(),
        role: say.word("role", user.role.code()),
        places: user
            .facility
            .and_then(|id| of_facility.get(&id))
            .map(|own| named(say, &own.name_ar, &own.name_en))
            .into_iter()
            .chain(
                user.units
                    .iter()
                    .filter_map(|id| of_unit.get(id))
                    .map(|own| named(say, &own.name_ar, &own.name_en)),
            )
            .collect(),
        is_disabled: user.disabled,
        is_own: user.id == by.user,
    };
    let chosen = field(form, "facility");
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        is_cut: users.len() > usize::try_from(MOST).unwrap_or_default(),
        rows: users.iter().map(row).collect(),
        username: field(form, "username").to_owned(),
        units: field(form, "units").to_owned(),
        roles: Choice::words(say, "role", Role::ALL.iter().map(|own| own.code()), field(form, "role")),
        facilities: facilities
            .iter()
            .map(|own| Choice {
                code: own.id.to_string(),
                text: named(say, &own.name_ar, &own.name_en),
                chosen: own.id.to_string() == chosen,
            })
            .collect(),
        characters: i64::try_from(house.settings.accounts.password_characters).unwrap_or(i64::MAX),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn named(say: Say, ar: &str, en: &str) -> String {
    let name = if say.0 == Lang::Ar { ar } else { en };
    name.to_owned()
}

pub async fn make(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    match made(&house, &visitor, &form, &print).await {
        Ok(_) => Ok(go("/people")),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, &form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn made(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<UserId> {
    let by: Actor<ManageUsers> = visitor.seat()?;
    let password = form.raw("password").to_owned();
    let mut faults = Faults::none();
    let username = faults.keep("username", Username::parse(field(form, "username")));
    faults.keep("password", house.sessions.hasher.check(&password));
    let role = field(form, "role").parse::<Role>().map_err(|_| Problem::new(Code::MissingField));
    let role = faults.keep("role", role);
    let facility = match field(form, "facility") {
        "" => None,
        id => faults.keep("facility", id.parse().map_err(|_| Problem::new(Code::InvalidValue))),
    };
    let codes: Vec<String> = field(form, "units").split_whitespace().map(str::to_owned).collect();
    if codes.len() > MOST_UNITS {
        faults.add("units", Code::OutOfRange);
    }
    let email = optional_email(form, &mut faults);
    let (username, role) = faults.give(username.zip(role))?;
    let mut units = house
        .db
        .read(move |conn| {
            let unknown = || Problem::field("units", Code::UnknownReference);
            codes
                .iter()
                .map(|code| places::unit_by_code(conn, code)?.ok_or_else(unknown))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    units.sort_unstable();
    units.dedup();
    let new = NewUser { username, role, facility, units };
    let hash = house.sessions.hasher.hash(password).await?;
    let (vault, who) = (house.vault.clone(), by.user);
    let make = move |tx: &mut Tx| {
        let user = accounts::create(tx, &vault, who, &new, &hash)?;
        if email.is_some() {
            accounts::set_address(tx, &vault, who, user, email.as_ref())?;
        }
        Ok(user)
    };
    house.once(&by, print.by(by.user), make).await
}

/// Where somebody is written to.
pub async fn address(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    match addressed(&house, &visitor, &form, &print).await {
        Ok(()) => Ok(go("/people")),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, &form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn addressed(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<ManageUsers> = visitor.seat()?;
    let mut faults = Faults::none();
    let user: Option<UserId> = form.need(&mut faults, "user");
    let email = optional_email(form, &mut faults);
    let user = faults.give(user)?;
    let (vault, who) = (house.vault.clone(), by.user);
    let set = move |tx: &mut Tx| accounts::set_address(tx, &vault, who, user, email.as_ref());
    house.once(&by, print.by(by.user), set).await
}

/// A new beginning: a password to be changed at the first sign-in, no second factor, no sign-in.
pub async fn reset(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    match begun_anew(&house, &visitor, &form, &print).await {
        Ok(()) => Ok(go("/people")),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, &form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn begun_anew(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<ManageUsers> = visitor.seat()?;
    let password = form.raw("new_password").to_owned();
    let mut faults = Faults::none();
    let user: Option<UserId> = form.need(&mut faults, "user");
    faults.keep("new_password", house.sessions.hasher.check(&password));
    let user = faults.give(user)?;
    let hash = house.sessions.hasher.hash(password).await?;
    stand(house, &by, print, user, move |tx, vault, who| accounts::reset(tx, vault, who, user, &hash)).await
}

/// Shuts an account: its sign-ins end.
pub async fn disable(house: web::Data<House>, id: PathId<UserId>, posted: Posted<Nothing>) -> Answer {
    let user = id.0;
    let step = move |tx: &mut Tx, vault: &Vault, who| accounts::disable(tx, vault, who, user);
    stepped(&house, posted, user, step).await
}

/// Opens an account that was shut, as it was.
pub async fn enable(house: web::Data<House>, id: PathId<UserId>, posted: Posted<Nothing>) -> Answer {
    let user = id.0;
    let step = move |tx: &mut Tx, vault: &Vault, who| accounts::enable(tx, vault, who, user);
    stepped(&house, posted, user, step).await
}

async fn stepped(
    house: &House,
    posted: Posted<Nothing>,
    user: UserId,
    step: impl Fn(&mut Tx, &Vault, UserId) -> Result<()> + Send + 'static,
) -> Answer {
    let Posted { visitor, form: Nothing {}, print } = posted;
    let by: Actor<ManageUsers> = visitor.seat()?;
    match stand(house, &by, &print, user, step).await {
        Ok(()) => Ok(go("/people")),
        Err(problem) if is_for_the_form(&problem) => {
            show(house, &visitor, &Fields::default(), Some(&problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Changes how an account stands, tells whom it is, and ends the sign-ins that this instance keeps with it.
async fn stand(
    house: &House,
    by: &Actor<ManageUsers>,
    print: &Print,
    user: UserId,
    step: impl Fn(&mut Tx, &Vault, UserId) -> Result<()> + Send + 'static,
) -> Result<()> {
    let (vault, who) = (house.vault.clone(), by.user);
    let done = move |tx: &mut Tx| {
        step(tx, &vault, who)?;
        messages::tell_users(tx, Letter::AccountChanged, &[user]).map(|_| ())
    };
    house.once(by, print.by(by.user), done).await?;
    house.sessions.follow().await
}

fn optional_email(form: &Fields, faults: &mut Faults) -> Option<Email> {
    match field(form, "email") {
        "" => None,
        text => faults.keep("email", Email::parse(text)),
    }
}

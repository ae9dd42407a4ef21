//! Puts it together: opens keys and database, builds the house, and serves it.
//!
//! The one room that knows every other. It refuses to serve a demo's world as real, a database that
//! another key sealed, and one that other migrations made.

pub mod backup;
mod heads;
mod keep;
mod post;
mod pulse;
mod rotate;
pub mod secret;
mod work;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard::fn_guard;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, HttpRequest, web};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Clock, Zone};
use tokio::sync::Semaphore;
use tracing_actix_web::TracingLogger;
use utoipa::OpenApi;
use utoipa_actix_web::{AppExt, scope};

use crate::accounts::{Attempts, Budget, Ended, Hasher, Sessions, Tokens};
use crate::db::{Db, Lane, Size, Target, meta, migrate};
use crate::donations::questions::Questionnaire;
use crate::eligibility::Rulebook;
use crate::http::{
    Answer, Cursors, FILES, House, guard, health, methods,
    methods::Methods,
    metrics,
    openapi::{self, ApiDoc, Gate},
    rooms::{Room, Rooms},
    server,
};
pub use heads::Left;
pub use keep::{close_record, daily, keep};
pub use post::{Delivered, deliver, post};
pub use rotate::{Rotated, rotate};
pub use work::{work, work_off};

use crate::places::calendar::Calendar;
use crate::projections::Past;
use crate::reserve::{Levels, Sources};
use crate::roster::Roster;
use crate::settings::{KeyPlace, Settings};
use crate::vault::{RootKey, Salt, Vault};
use crate::web::Visitor;
use crate::{
    accounts, activities, agenda, audit, donations, donors, drives, duties, eligibility, invitations, jobs,
    mail, messages, places, projections, requests, reserve, stock,
};

/// Questions of one facility about what is available, in a minute.
const AVAILABILITY: u32 = 600;
/// Links of donors that one address opens or follows in a minute: many donors may share an address.
const LINKS: u32 = 240;
/// Clicks of mail programs that stop letters, of one address in a minute: many donors stand behind one provider's.
const STOPS: u32 = 6_000;

/// What a database is for; it is written into the database when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    Live,
    Demo,
}

impl World {
    const KEY: &str = "world";

    const fn code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Demo => "demo",
        }
    }
}

/// Whether a database may be brought to the present schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// An embedded file always, a server only when it is asked for.
    AsUsual,
    Now,
}

/// Why the house could not be opened, for a person at a terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

fn said(problem: shiryan_kernel::Problem) -> OpenError {
    OpenError(problem.cause.unwrap_or_else(|| problem.code.to_string()))
}

/// The same with the database it is about, where the cause does not name it.
fn said_of(target: &Target) -> impl Fn(shiryan_kernel::Problem) -> OpenError + use<> {
    let label = target.label();
    move |problem| {
        let OpenError(text) = said(problem);
        OpenError(if text.contains(&label) { text } else { format!("{label}: {text}") })
    }
}

/// Opens keys and database and builds the house.
///
/// # Errors
/// Says what is in the way and what to do.
pub fn open(
    settings: Settings,
    world: World,
    migrate: Migrate,
    clock: Arc<dyn Clock>,
) -> Result<House, OpenError> {
    if world == World::Live && !settings.accounts.second_factor {
        return Err(OpenError("accounts.second_factor: only a demo is without".into()));
    }
    let target = settings.target().map_err(|error| OpenError(error.0))?;
    if let Target::Sqlite(path) = &target
        && let Some(dir) = path.parent()
    {
        crate::vault::private_dir(dir).map_err(OpenError)?;
    }
    let place = settings.key_place().map_err(|error| OpenError(error.0))?;
    let vault = Vault::new(root_key(&place).map_err(OpenError)?);
    let named = said_of(&target);
    let state = migrate::state(&target).map_err(&named)?;
    match state {
        migrate::State::Foreign => return Err(OpenError(migrate::foreign(&target))),
        migrate::State::Current => {}
        migrate::State::Empty | migrate::State::Behind => {
            if matches!(target, Target::Postgres(_)) && migrate == Migrate::AsUsual {
                let how = if state == migrate::State::Empty { "empty" } else { "of an older schema" };
                return Err(OpenError(format!(
                    "{} is {how}: run `shiryan migrate --database …`, or serve with --migrate",
                    target.label()
                )));
            }
        }
    }
    if state == migrate::State::Behind {
        // Whose it is, before it is changed; then it is let go, for nobody may have it open.
        check(&Db::open(&target, Size(1), clock.clone()).map_err(&named)?, &vault, world)?;
    }
    migrate::run(&target).map_err(&named)?;
    let db = Db::open(&target, Size(settings.database.connections), clock).map_err(&named)?;
    if state != migrate::State::Empty {
        check(&db, &vault, world)?;
    }
    claim(&db, &vault, world)?;
    let key_on_same_disk = matches!(place, KeyPlace::File(_)) && on_same_disk(&target, place.path());
    house(settings, world, db, vault, key_on_same_disk)
}

/// A database that is there, whatever it is for, and its keys: makes nothing and changes nothing.
///
/// # Errors
/// Says what is in the way.
pub fn look(settings: &Settings, clock: Arc<dyn Clock>) -> Result<(Db, Vault), OpenError> {
    let target = settings.target().map_err(|error| OpenError(error.0))?;
    let place = settings.key_place().map_err(|error| OpenError(error.0))?;
    let absent = |what: &std::path::Path| OpenError(format!("{}: there is none", what.display()));
    if let Target::Sqlite(path) = &target
        && !path.exists()
    {
        return Err(absent(path));
    }
    if !place.path().exists() {
        return Err(absent(place.path()));
    }
    let vault = Vault::new(root_key(&place).map_err(OpenError)?);
    match migrate::state(&target).map_err(said)? {
        migrate::State::Current => {}
        migrate::State::Empty => return Err(OpenError(format!("{} is empty", target.label()))),
        migrate::State::Behind => {
            return Err(OpenError(format!(
                "{} is of an older schema: run `shiryan migrate`",
                target.label()
            )));
        }
        migrate::State::Foreign => return Err(OpenError(migrate::foreign(&target))),
    }
    let db = Db::open(&target, Size(settings.database.connections), clock).map_err(said)?;
    let found = db.read_now(|conn| meta::get(conn, KEY_CHECK)).map_err(said)?;
    if found.is_some_and(|found| found != vault.key_check()) {
        return Err(OpenError(format!(
            "{} was sealed under another root key: set keys.file to that key",
            target.label()
        )));
    }
    Ok((db, vault))
}

/// Whether a database is for real work; an empty one is for nothing yet.
///
/// # Errors
/// As any read.
pub fn is_live(conn: &mut crate::db::Conn) -> shiryan_kernel::Result<bool> {
    Ok(meta::get(conn, World::KEY)?.as_deref() == Some(World::Live.code()))
}

/// Builds the house of what is open.
///
/// # Errors
/// Says what is wrong in the rule sets.
pub fn house(
    settings: Settings,
    world: World,
    db: Db,
    vault: Vault,
    key_on_same_disk: bool,
) -> Result<House, OpenError> {
    let zone = Zone(settings.place.zone);
    let rules = Rulebook::load(settings.policies_dir(), &settings.eligibility.rule_set, zone);
    let rules = rules.map_err(OpenError)?;
    let rules = eligibility::settle_policies(&db, &vault, rules).map_err(said)?;
    for set in rules.waiting() {
        tracing::warn!(
            code = set.code,
            version = set.version,
            "a rule set waits for two people; not decided by"
        );
    }
    let tokens = Tokens::new(&vault, settings.accounts.access_token_minutes);
    let sessions = Sessions {
        db: db.clone(),
        vault: vault.clone(),
        tokens,
        hasher: Hasher::new(settings.accounts.password_characters),
        attempts: Arc::new(Attempts::default()),
        ended: Ended::default(),
        days: settings.accounts.session_days,
        second_factor: world == World::Live && settings.accounts.second_factor,
    };
    let post = mail::Post::open(&settings).map_err(OpenError)?;
    let levels = Arc::new(Levels::load(settings.levels_file()).map_err(OpenError)?);
    let roster = Roster::default();
    Ok(House {
        cursors: Cursors::new(vault.purpose("cursors")),
        zone,
        questions: Arc::new(Questionnaire::built_in(rules.catalogue()).map_err(OpenError)?),
        rules: Arc::new(rules),
        calendar: Arc::new(Calendar::load(settings.calendar_dir()).map_err(OpenError)?),
        reserve: Sources::new(&db, &roster, &levels, zone, settings.travel),
        roster,
        past: Past::default(),
        levels,
        keeping: Arc::new(settings.keeping().unwrap_or_default()),
        settings: Arc::new(settings),
        post,
        names: donors::Names::default(),
        is_demo: world == World::Demo,
        db,
        vault,
        sessions,
        key_on_same_disk,
        asked: Arc::new(Budget::a_minute(AVAILABILITY)),
        links: Arc::new(Budget::a_minute(LINKS)),
        stops: Arc::new(Budget::a_minute(STOPS)),
        files: Arc::new(Semaphore::new(FILES)),
        pulse: Arc::default(),
    })
}

const KEY_CHECK: &str = "key_check";
/// The last moment at which a server stood on the database.
pub const PULSE: &str = "pulse";

/// Refuses another key's database, and a demo's where real work was asked for (or the other way round).
fn check(db: &Db, vault: &Vault, world: World) -> Result<(), OpenError> {
    let (found_key, found_world, under_way) = db
        .read_now(|conn| {
            Ok((
                meta::get(conn, KEY_CHECK)?,
                meta::get(conn, World::KEY)?,
                meta::get(conn, rotate::UNDER_WAY)?,
            ))
        })
        .map_err(said)?;
    if under_way.is_some() {
        return Err(OpenError(format!(
            "{}: a change of the root key was interrupted; end it with `shiryan keys rotate`",
            db.target().label()
        )));
    }
    if let Some(found) = &found_world
        && found != world.code()
    {
        return Err(OpenError(match world {
            World::Live => "this database is a demo's; `serve` wants one of its own".into(),
            World::Demo => "this database holds real work; `demo` makes one of its own".into(),
        }));
    }
    if found_key.is_some_and(|found| found != vault.key_check()) {
        return Err(OpenError(format!(
            "{} was sealed under another root key: set keys.file to that key",
            db.target().label()
        )));
    }
    Ok(())
}

/// Writes what the database is for and whose key sealed it, once.
fn claim(db: &Db, vault: &Vault, world: World) -> Result<(), OpenError> {
    let (key_check, code) = (vault.key_check(), world.code());
    db.write_now(Lane::System, move |tx| {
        if meta::get(tx.conn, World::KEY)?.is_none() {
            meta::put(tx.conn, World::KEY, code)?;
            meta::put(tx.conn, KEY_CHECK, &key_check)?;
        }
        Ok(())
    })
    .map_err(said_of(db.target()))
}

/// The root key from its place. A file is made where none is; so is a salt, and a passphrase is asked for.
fn root_key(place: &KeyPlace) -> Result<RootKey, String> {
    match place {
        KeyPlace::File(path) => RootKey::read_or_make(path),
        KeyPlace::Credential(path) => RootKey::read(path),
        KeyPlace::Passphrase(path) => {
            let passphrase = secret::ask("Passphrase of the root key: ")?;
            RootKey::of_passphrase(&passphrase, &Salt::read_or_make(path)?)
        }
    }
}

/// Whether the key's file lies on the disk of the embedded database.
#[must_use]
pub fn is_key_beside(settings: &Settings, place: &KeyPlace) -> bool {
    settings.target().is_ok_and(|target| on_same_disk(&target, place.path()))
}

/// Whether whoever takes the data takes the key with it.
fn on_same_disk(target: &Target, key_file: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Target::Sqlite(path) = target else { return false };
    let device = |path: &std::path::Path| std::fs::metadata(path).map(|meta| meta.dev()).ok();
    device(path).is_some_and(|data| Some(data) == device(key_file))
}

/// The rooms whose operations are the API's. A donor's own path would take `export` for an id: a name goes first.
const ROOMS: [Room; 19] = [
    accounts::api::operations,
    places::api::operations,
    jobs::api::operations,
    audit::api::operations,
    messages::api::operations,
    eligibility::api::exports,
    donors::api::operations,
    eligibility::api::operations,
    activities::api::operations,
    drives::api::operations,
    stock::api::operations,
    donations::api::operations,
    duties::api::operations,
    agenda::api::operations,
    invitations::api::operations,
    requests::api::operations,
    projections::api::operations,
    reserve::api::operations,
    reserve::availability::api::operations,
];

const API: &str = "/api/v1";

/// The API's operations, each room behind a look at which one answers.
fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    static FOUND: LazyLock<Rooms> = LazyLock::new(|| Rooms::of(&ROOMS));
    for (place, room) in ROOMS.into_iter().enumerate() {
        let own = fn_guard(move |context| FOUND.leads(place, API, context));
        config.service(scope::scope("").guard(own).configure(room));
    }
}

/// The pages, in one place.
fn pages(config: &mut web::ServiceConfig) {
    config.service(web::redirect("/docs", "/api/docs/"));
    config.route("/", web::get().to(first_page));
    crate::web::serve_assets(config);
    accounts::pages::pages(config);
    projections::pages::pages(config);
    reserve::pages::pages(config);
    agenda::pages::pages(config);
    donors::pages::pages(config);
    drives::pages::pages(config);
    stock::pages::pages(config);
    requests::pages::pages(config);
    donations::pages::pages(config);
    invitations::pages::pages(config);
    activities::pages::pages(config);
    places::pages::pages(config);
    audit::pages::pages(config);
    messages::pages::pages(config);
    eligibility::pages::pages(config);
}

/// The first page answers the first question of whoever looks.
async fn first_page(house: web::Data<House>, visitor: Visitor, request: HttpRequest) -> Answer {
    match visitor.role() {
        None => accounts::pages::sign_in_page(&house, &visitor),
        Some(Role::Medic) => agenda::pages::this(&house, &visitor).await,
        Some(Role::Hospital) => stock::pages::shelves(&house, &visitor, stock::pages::asked(&request)?).await,
        Some(Role::Admin | Role::Command | Role::Bank | Role::Physician) => {
            reserve::pages::tonight(&house, &visitor, reserve::pages::asked(&request)?).await
        }
    }
}

/// The API's description, complete.
#[must_use]
pub fn description() -> utoipa::openapi::OpenApi {
    let (_, doc) = App::new()
        .into_utoipa_app()
        .openapi(ApiDoc::openapi())
        .service(scope::scope(API).configure(operations))
        .split_for_parts();
    openapi::finish(doc)
}

/// The app of one worker.
pub fn app(
    house: web::Data<House>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let gate = gate(&house);
    let probe = probe(&house);
    let (app, doc) = App::new()
        .configure(|config| {
            openapi::serve(config, gate);
            health::serve(config, probe);
        })
        .into_utoipa_app()
        .openapi(ApiDoc::openapi())
        .service(scope::scope(API).configure(operations))
        .split_for_parts();
    let doc = openapi::finish(doc);
    let methods = Methods::of(&doc)
        .and("/", ["GET"])
        .and("/find", ["GET"])
        .and("/where", ["GET"])
        .and("/ahead", ["GET"])
        .and("/emergency", ["GET"])
        .and("/working", ["GET"])
        .and("/programme", ["GET"])
        .and("/shelves", ["GET"])
        .and("/docs", ["GET"])
        .and("/sign-in", ["GET", "POST"])
        .and("/sign-ins", ["GET"])
        .and("/sign-ins/{id}/end", ["POST"])
        .and("/sign-out", ["POST"])
        .and("/language", ["POST"])
        .and("/assets/{digest}/{name}", ["GET"])
        .and("/u/{secret}", ["GET", "POST"]);
    app.configure(pages)
        .app_data(house)
        .app_data(methods.alike())
        .app_data(methods.patterns())
        .app_data(crate::web::FACE)
        .app_data(openapi::Description::of(&doc))
        .default_service(methods::fallback(Arc::new(methods)))
        .wrap(from_fn(guard::door))
        .wrap(Compress::default())
        .wrap(from_fn(metrics::count))
        .wrap(TracingLogger::<guard::Spans>::new())
}

/// The API's description is open in a demo, else for those who are signed in.
fn gate(house: &web::Data<House>) -> Gate {
    if house.is_demo {
        return Gate::open();
    }
    Gate::when(|request| async move {
        crate::http::actor::bearer(&request).is_ok() || crate::web::is_seated(&request).await
    })
}

fn probe(house: &web::Data<House>) -> health::Probe {
    let house = house.clone();
    Arc::new(move || health::Readiness {
        parts: vec![
            health::Part {
                name: "database",
                ready: house.db.read_now(|conn| meta::get(conn, World::KEY)).is_ok(),
            },
            health::Part { name: "writes", ready: house.pulse.writes() },
            health::Part { name: "staying", ready: !house.pulse.is_leaving() },
        ],
        notices: [
            (house.key_on_same_disk, "key_on_same_disk"),
            (!house.names.is_warm(), "search_warming"),
            (house.pulse.clock_was_set(), "clock_was_set"),
            (!house.rules.waiting().is_empty(), "rules_wait"),
        ]
        .into_iter()
        .filter_map(|(is_so, notice)| is_so.then_some(notice))
        .collect(),
    })
}

/// Listens; runs once it is awaited. The second is where it listens.
///
/// # Errors
/// [`server::Refused`], each with what to change.
pub fn listen(house: &web::Data<House>) -> Result<(Server, SocketAddr), server::Refused> {
    let wanted = &house.settings.server;
    let settings = server::Settings {
        listen: vec![wanted.listen],
        workers: wanted.workers,
        drain_within: Duration::from_secs(wanted.drain_seconds),
        tls: house.settings.has_tls().then(|| server::Tls {
            certificate: (&wanted.tls_certificate).into(),
            key: (&wanted.tls_key).into(),
        }),
        behind_proxy: wanted.behind_proxy,
        ..server::Settings::default()
    };
    let for_workers = house.clone();
    let (server, addresses) = server::start(move || app(for_workers.clone()), &settings)?;
    Ok((server, addresses.first().copied().unwrap_or(wanted.listen)))
}

//! The real service on a port of its own, over a fresh database, with one client for each role.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::ServerHandle;
use actix_web::web;
use serde_json::{Value, json};
use shiryan::accounts::{self, Hashed, NewUser, Principal, Username};
use shiryan::app::{self, World};
use shiryan::db::Lane;
use shiryan::http::House;
use shiryan::places::{self, NewFacility, NewUnit, PlaceName};
use shiryan::settings::{Flags, Settings};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::ids::{FacilityId, SessionId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::time::SettableClock;

use super::databases::{Fresh, Kind, Migrated};

/// The password of every user of a [`TestApp`].
pub const PASSWORD: &str = "four olive trees";

/// The smallest world in which every role can act: two unit trees (Ramallah and Hebron), a hospital and
/// a blood bank in Ramallah, a hospital in Gaza.
#[derive(Debug)]
pub struct Places {
    /// Battalion in Ramallah, with `company` below it: the medic's scope.
    pub battalion: UnitId,
    pub company: UnitId,
    /// In Hebron: outside the medic's scope.
    pub other_unit: UnitId,
    pub hospital: FacilityId,
    pub bank: FacilityId,
    pub gaza_hospital: FacilityId,
}

pub struct TestApp {
    pub house: web::Data<House>,
    pub places: Places,
    pub clock: Arc<SettableClock>,
    pub kind: Kind,
    served: Served,
    users: Vec<(Role, Principal)>,
    _database: Migrated,
}

/// A house that answers on a port of its own until this is dropped.
pub struct Served {
    address: SocketAddr,
    server: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    agent: ureq::Agent,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body, once the status is as expected.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// A problem's code, once the status is as expected.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        let body = self.expect(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        body["code"].as_str().unwrap().to_owned()
    }
}

impl Fresh for TestApp {
    fn fresh(kind: Kind) -> Self {
        Self::start(kind, World::Live)
    }
}

impl TestApp {
    const ROOT_KEY: [u8; 32] = [9; 32];
    /// As a file of the program holds it.
    pub const ROOT_KEY_TEXT: &str = "0909090909090909090909090909090909090909090909090909090909090909";

    /// One where whoever may open identities needs a second factor to sign in.
    pub fn strict(kind: Kind) -> Self {
        Self::with(kind, World::Live, &[("SHIRYAN__ACCOUNTS__SECOND_FACTOR", "true")])
    }

    pub fn start(kind: Kind, world: World) -> Self {
        Self::with(kind, world, &[])
    }

    /// One with settings of its own; nobody needs a second factor unless they say so.
    pub fn with(kind: Kind, world: World, own: &[(&str, &str)]) -> Self {
        let database = Migrated::fresh(kind);
        let db = database.db.clone();
        let clock = database.clock.clone();
        let usual = [
            ("SHIRYAN__SERVER__LISTEN", "127.0.0.1:0"),
            ("SHIRYAN__ACCOUNTS__SECOND_FACTOR", "false"),
            ("SHIRYAN__STOCK__COMPONENT_CODES", "E0336=red_cells,PLT=platelets"),
        ];
        let said: std::collections::BTreeMap<String, String> =
            usual.iter().chain(own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut settings = Settings::load(None, said, &Flags::default()).unwrap();
        settings.without_metrics();
        let vault = Vault::new(RootKey::from_bytes(Self::ROOT_KEY));
        let (places, users) = people(&db, &vault);
        let house = web::Data::new(app::house(settings, world, db, vault, false).unwrap());
        let served = Served::start(&house);
        Self { house, places, clock, kind, served, users, _database: database }
    }

    /// Builds the index of names anew of what is committed now.
    pub fn warm(&self) {
        self.house.names.warm(&self.house.db, &self.house.vault).unwrap();
    }

    pub fn url(&self) -> String {
        self.served.url()
    }

    /// A client that acts in a role, through a token minted by the use case.
    pub fn client(&self, role: Role) -> Client {
        let principal = self.principal(role);
        let token = self.house.sessions.tokens.make(&principal, self.house.db.now()).unwrap();
        Client { token: Some(token), ..self.anonymous() }
    }

    /// A second person in a role that is bound to no place, made by `maker` or by nobody.
    pub fn colleague(&self, role: Role, name: &str, maker: Option<UserId>) -> Client {
        let hash: Hashed = accounts::hash_now(PASSWORD).unwrap();
        let (vault, username) = (self.house.vault.clone(), Username::parse(name).unwrap());
        let new = NewUser { username, role, facility: None, units: Vec::new() };
        let made = self.house.db.write_now(Lane::System, move |tx| match maker {
            Some(maker) => accounts::create(tx, &vault, maker, &new, &hash),
            None => accounts::ensure_user(tx, &vault, &new, &hash),
        });
        let user = made.unwrap();
        let principal = Principal { user, role, session: SessionId(user.0), facility: None };
        self.with_token(&self.house.sessions.tokens.make(&principal, self.house.db.now()).unwrap())
    }

    pub fn principal(&self, role: Role) -> Principal {
        self.users.iter().find(|(known, _)| *known == role).unwrap().1.clone()
    }

    pub fn anonymous(&self) -> Client {
        Client::to(self.url())
    }

    pub fn with_token(&self, token: &str) -> Client {
        self.anonymous().holding(token)
    }
}

impl Served {
    pub fn start(house: &web::Data<House>) -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        let for_server = house.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (server, address) = app::listen(&for_server).unwrap();
                send.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, server) = receive.recv().unwrap();
        Self { address, server, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let stop = self.server.stop(true);
        actix_web::rt::System::new().block_on(stop);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

static KEYS: AtomicU64 = AtomicU64::new(0);

/// An idempotency key that no other request has.
pub fn new_key() -> String {
    format!("test-key-{:08}", KEYS.fetch_add(1, Ordering::Relaxed))
}

impl Client {
    /// Whoever asks the service there.
    pub fn to(base: String) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A test that pauses must not meet a connection that the service has just closed.
            .max_idle_connections(0)
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            .build()
            .into();
        Self { base, token: None, agent }
    }

    /// The same, who keeps a connection for the next request as browsers and proxies do.
    pub fn keeping(self) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            .build()
            .into();
        Self { agent, ..self }
    }

    pub fn holding(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    /// A file: its kind, and the bytes themselves.
    /// Headers and bytes of an answer, as they came over the line.
    pub fn raw(&self, path: &str, headers: &[(&str, &str)]) -> (ureq::http::HeaderMap, Vec<u8>) {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().unwrap();
        let bytes = response.body_mut().read_to_vec().unwrap();
        (response.headers().clone(), bytes)
    }

    pub fn get_file(&self, path: &str) -> (String, Vec<u8>) {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, response.body_mut().read_to_vec().unwrap())
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None)
    }

    /// Posts with a new idempotency key.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(&new_key(), path, body)
    }

    /// Posts with this idempotency key.
    pub fn post_as(&self, key: &str, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[("idempotency-key", key)], Some(body.to_string().into_bytes()))
    }

    /// Patches the record that was read at this version.
    pub fn patch(&self, path: &str, version: i64, body: &Value) -> Reply {
        let seen = format!("\"{version}\"");
        self.send("PATCH", path, &[("if-match", &seen)], Some(body.to_string().into_bytes()))
    }

    /// Sends anything. A body is said to be JSON unless `headers` say otherwise.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Reply {
        self.try_send(method, path, headers, body).unwrap()
    }

    /// The same of a service that may be gone.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Reply, ureq::Error> {
        let url = format!("{}{path}", self.base);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        }?;
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

/// The smallest world in a database, and who acts in it.
pub fn people(db: &shiryan::db::Db, vault: &Vault) -> (Places, Vec<(Role, Principal)>) {
    let hash: Hashed = accounts::hash_now(PASSWORD).unwrap();
    let vault = vault.clone();
    db.write_now(Lane::System, move |tx| {
        let code = |text: &str| ShortCode::parse(text).unwrap();
        let name = |text: &str| PlaceName::parse(text).unwrap();
        let mut unit = |short: &str, parent, governorate| {
            let new = NewUnit {
                code: code(short),
                name_ar: name("وحدة"),
                name_en: name(short),
                parent,
                governorate,
            };
            places::create_unit(tx, &vault, None, &new).unwrap()
        };
        let battalion = unit("B1", None, Governorate::RamallahAlBireh);
        let company = unit("B1-C1", Some(battalion), Governorate::RamallahAlBireh);
        let other_unit = unit("B2", None, Governorate::Hebron);
        let mut facility = |short: &str, kind, governorate| {
            let new = NewFacility {
                code: code(short),
                kind,
                name_ar: name("مرفق"),
                name_en: name(short),
                governorate,
            };
            places::create_facility(tx, &vault, None, &new).unwrap()
        };
        let places = Places {
            battalion,
            company,
            other_unit,
            hospital: facility("H1", FacilityKind::Hospital, Governorate::RamallahAlBireh),
            bank: facility("BB1", FacilityKind::BloodBank, Governorate::RamallahAlBireh),
            gaza_hospital: facility("H2", FacilityKind::Hospital, Governorate::Gaza),
        };
        let mut users = Vec::new();
        for role in Role::ALL.iter().copied() {
            let facility = match role {
                Role::Hospital => Some(places.hospital),
                Role::Bank => Some(places.bank),
                _ => None,
            };
            let units = if role == Role::Medic { vec![places.battalion] } else { Vec::new() };
            let new = NewUser { username: Username::parse(role.code()).unwrap(), role, facility, units };
            let user: UserId = accounts::ensure_user(tx, &vault, &new, &hash).unwrap();
            users.push((role, Principal { user, role, session: SessionId(user.0), facility }));
        }
        Ok((places, users))
    })
    .unwrap()
}

/// The body of a sign-in.
pub fn credentials(username: &str) -> Value {
    json!({"username": username, "password": PASSWORD})
}

//! Sign-ins: begun with a password, kept by a rotating refresh token or a browser's cookie, ended by
//! sign-out, expiry, or the reuse of a token that was already spent.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{Duration, NaiveDateTime};
use shiryan_kernel::ids::{SessionId, UserId};
use shiryan_kernel::{Code, Problem, Result};

use super::store::{self, Credentials, Found};
use super::users::USER;
use super::{Attempts, Enrolment, Hashed, Hasher, Principal, Tokens, Username, second};
use crate::audit::{self, Line};
use crate::db::{Db, Lane, Tx};
use crate::vault::{Vault, hex, random_token, sha256};

/// A refresh whose reply was lost may be tried again for so long.
const GRACE: Duration = Duration::seconds(10);
/// Sign-ins that were ended longer ago have no token that lives, whatever two clocks say.
const LATELY: Duration = Duration::minutes(15);

/// What somebody offers to sign in.
pub struct SignIn {
    pub username: String,
    pub password: String,
    /// Required when the account must choose a password of its own.
    pub new_password: Option<String>,
    /// Of the device, or a recovery code.
    pub code: Option<String>,
    /// Where it comes from, as far as that is known.
    pub from: Option<IpAddr>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// What a sign-in or a refresh gives: the only time the refresh token is seen.
pub struct Grant {
    pub principal: Principal,
    pub refresh_token: String,
    /// Shown this once, where a second factor was just confirmed.
    pub recovery_codes: Option<Vec<String>>,
}

/// A browser's sign-in: the cookie's secret, and the token that its forms must carry.
pub struct BrowserSession {
    pub principal: Principal,
    pub cookie: String,
    pub csrf: String,
    pub language: Option<String>,
    /// Shown this once, where a second factor was just confirmed.
    pub recovery_codes: Option<Vec<String>>,
}

/// A sign-in that lives.
#[derive(Debug, Clone)]
pub struct Open {
    pub id: SessionId,
    /// `api` or `browser`.
    pub kind: String,
    pub since: NaiveDateTime,
    pub until: NaiveDateTime,
}

/// Somebody whose password was right, and the one that takes its place.
struct Proved {
    found: Credentials,
    username: Username,
    new_hash: Option<Hashed>,
}

/// Everything that sign-in needs.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub db: Db,
    pub vault: Vault,
    pub tokens: Tokens,
    pub hasher: Hasher,
    /// Attempts are counted before any hashing.
    pub attempts: Arc<Attempts>,
    pub ended: super::Ended,
    pub days: i64,
    /// Whether those who may open identities must have a second factor: everywhere but in a demo.
    pub second_factor: bool,
}

impl Sessions {
    /// Proves who somebody is by the password.
    ///
    /// # Errors
    /// `bad_credentials` for any wrong name, password or disabled account, all alike;
    /// `password_change_required`; `too_many_requests`; the new password's own faults.
    async fn prove(&self, offered: &SignIn) -> Result<Proved> {
        let refused = || Problem::new(Code::BadCredentials);
        let username = Username::parse(&offered.username).map_err(|_| refused())?;
        self.attempts.begin(username.as_str(), offered.from, self.db.now())?;
        let name = username.clone();
        let found = self.db.read(move |conn| store::credentials(conn, name.as_str())).await?;
        let hash = found.as_ref().map(|found| found.hash.clone());
        let proved = self.hasher.verify(offered.password.clone(), hash).await?;
        let user = found.as_ref().map(|found| found.id);
        let Some(found) = found.filter(|found| proved && !found.disabled) else {
            self.failed(&username, user).await?;
            return Err(refused());
        };
        let new_hash = match &offered.new_password {
            None if found.must_change => return Err(Problem::new(Code::PasswordChangeRequired)),
            None => None,
            Some(new) if *new == offered.password => {
                return Err(Problem::field("new_password", Code::InvalidValue));
            }
            Some(new) => {
                let hash = self.hasher.hash(new.clone()).await.map_err(|problem| match problem.code {
                    Code::Internal => problem,
                    _ => problem.on("new_password"),
                })?;
                Some(hash)
            }
        };
        Ok(Proved { found, username, new_hash })
    }

    /// Counts a failure; the tenth in a row on a known name is an alert.
    async fn failed(&self, username: &Username, user: Option<UserId>) -> Result<()> {
        if !self.attempts.fail(username.as_str(), self.db.now()) {
            return Ok(());
        }
        let (Some(user), vault) = (user, self.vault.clone()) else { return Ok(()) };
        let line = Line::new(None, "accounts.sign_in_failing").on(user).alert();
        self.db.write(Lane::System, move |tx| audit::record(tx, &vault, &line).map(drop)).await
    }

    /// Begins an API sign-in.
    ///
    /// # Errors
    /// As its proof, and as [`second::check`].
    pub async fn begin(&self, offered: SignIn) -> Result<Grant> {
        let (principal, refresh_token, recovery_codes) = self.start(offered, None).await?;
        Ok(Grant { principal, refresh_token, recovery_codes })
    }

    /// Begins a browser's sign-in.
    ///
    /// # Errors
    /// As its proof, and as [`second::check`].
    pub async fn begin_browser(&self, offered: SignIn) -> Result<BrowserSession> {
        let csrf: [u8; 32] = rand::random();
        let (principal, cookie, recovery_codes) = self.start(offered, Some(csrf.to_vec())).await?;
        Ok(BrowserSession { principal, cookie, csrf: hex(&csrf), language: None, recovery_codes })
    }

    /// Begins the enrolment of a second factor, for whoever knows the password; a sign-in with a code confirms it.
    ///
    /// # Errors
    /// As the proof of a password; `state_conflict` where a second factor stands.
    pub async fn enrol(&self, username: String, password: String, from: Option<IpAddr>) -> Result<Enrolment> {
        let offered = SignIn { username, password, new_password: None, code: None, from };
        let proved = match self.prove(&offered).await {
            // Who must change the password does so with the code's sign-in.
            Err(problem) if problem.code == Code::PasswordChangeRequired => {
                let name = Username::parse(&offered.username)?;
                let wanted = name.clone();
                let found = self.db.read(move |conn| store::credentials(conn, wanted.as_str())).await?;
                found.map(|found| (found.id, name)).ok_or(problem)?
            }
            Err(problem) => return Err(problem),
            Ok(proved) => (proved.found.id, proved.username),
        };
        let (user, name) = proved;
        self.attempts.pass(name.as_str());
        let vault = self.vault.clone();
        self.db.write(Lane::Actor(user.0), move |tx| second::begin(tx, &vault, user, name.as_str())).await
    }

    async fn start(
        &self,
        offered: SignIn,
        csrf: Option<Vec<u8>>,
    ) -> Result<(Principal, String, Option<Vec<String>>)> {
        let Proved { found, username, new_hash } = self.prove(&offered).await?;
        let (secret, vault, days) = (random_token(), self.vault.clone(), self.days);
        let digest = sha256(secret.as_bytes());
        let (user, code) = (found.id, offered.code);
        let is_due = self.second_factor && second::must_have(found.role);
        let begun = self.db.write(Lane::Actor(user.0), move |tx| {
            let codes = second::check(tx, &vault, user, is_due, code.as_deref())?;
            if let Some(hash) = &new_hash {
                let seen = audit::seen(tx.conn, &vault, &USER, user.0)?;
                store::set_password(tx, user, hash, false)?;
                store::revoke_all(tx, user)?;
                seen.record(tx, &vault, Line::new(Some(user), "accounts.password_changed").on(user))?;
            }
            let session = SessionId(tx.id());
            let expires = (tx.now + Duration::days(days)).naive_utc();
            store::insert_session(tx, session, user, csrf.as_deref(), expires)?;
            store::insert_token(tx, session, &digest)?;
            audit::made(&SESSION, session.0).record(
                tx,
                &vault,
                Line::new(Some(user), "accounts.signed_in").on(session),
            )?;
            Ok((session, codes))
        });
        let (session, codes) = match begun.await {
            Err(problem) if problem.code == Code::SecondFactorInvalid => {
                self.failed(&username, Some(user)).await?;
                return Err(problem);
            }
            begun => begun?,
        };
        self.attempts.pass(username.as_str());
        let principal = Principal { user, role: found.role, session, facility: found.facility };
        Ok((principal, secret, codes))
    }

    /// One's own sign-ins that live, oldest first.
    ///
    /// # Errors
    /// As any read.
    pub async fn open(&self, who: &Principal) -> Result<Vec<Open>> {
        let (user, now) = (who.user, self.db.now().naive_utc());
        self.db.read(move |conn| store::open_sessions(conn, user, now)).await
    }

    /// Ends one of one's own sign-ins, here at once and elsewhere within seconds.
    ///
    /// # Errors
    /// `not_found` for any other.
    pub async fn revoke(&self, who: &Principal, session: SessionId) -> Result<()> {
        let (user, vault) = (who.user, self.vault.clone());
        self.db
            .write(Lane::Actor(user.0), move |tx| {
                let seen = audit::seen(tx.conn, &vault, &SESSION, session.0)?;
                if !store::revoke_own(tx, user, session)? {
                    return Err(Problem::new(Code::NotFound));
                }
                let line = Line::new(Some(user), "accounts.session_revoked").on(session);
                seen.record(tx, &vault, line).map(drop)
            })
            .await?;
        self.forget(session);
        Ok(())
    }

    /// Takes note of sign-ins that another instance, or this one before it was started anew, has ended.
    ///
    /// # Errors
    /// As any read.
    pub async fn follow(&self) -> Result<()> {
        let since = (self.db.now() - LATELY).naive_utc();
        for session in self.db.read(move |conn| store::revoked_since(conn, since)).await? {
            self.forget(session);
        }
        Ok(())
    }

    /// Trades a refresh token for a new one.
    ///
    /// # Errors
    /// `refresh_invalid`; `refresh_reused` when it was spent before, which ends the sign-in.
    pub async fn refresh(&self, token: &str) -> Result<Grant> {
        let (old, secret, vault) = (sha256(token.as_bytes()), random_token(), self.vault.clone());
        let new = sha256(secret.as_bytes());
        let outcome = self.db.write(Lane::System, move |tx| rotate(tx, &vault, &old, &new)).await?;
        match outcome {
            Rotated::Fresh(found) => {
                Ok(Grant { principal: principal(&found), refresh_token: secret, recovery_codes: None })
            }
            Rotated::Reused(session) => {
                self.forget(session);
                Err(Problem::new(Code::RefreshReused))
            }
            Rotated::Unknown => Err(Problem::new(Code::RefreshInvalid)),
        }
    }

    /// Ends a sign-in, here at once and in the database.
    ///
    /// # Errors
    /// As any write.
    pub async fn end(&self, who: &Principal) -> Result<()> {
        let (session, user, vault) = (who.session, who.user, self.vault.clone());
        self.db
            .write(Lane::Actor(user.0), move |tx| {
                let seen = audit::seen(tx.conn, &vault, &SESSION, session.0)?;
                store::revoke(tx, session)?;
                seen.record(tx, &vault, Line::new(Some(user), "accounts.signed_out").on(session))
            })
            .await?;
        self.forget(session);
        Ok(())
    }

    fn forget(&self, session: SessionId) {
        let now = self.db.now();
        self.ended.add(session, now, now + Duration::seconds(self.tokens.seconds()));
    }

    /// Who holds this access token.
    ///
    /// # Errors
    /// `token_expired`, `token_invalid`.
    pub fn bearer(&self, token: &str) -> Result<Principal> {
        let principal = self.tokens.read(token, self.db.now())?;
        if self.ended.has(principal.session) { Err(Problem::new(Code::TokenInvalid)) } else { Ok(principal) }
    }

    /// Whose browser holds this cookie; `None` when nobody's any more.
    ///
    /// # Errors
    /// As any read.
    pub async fn browser(&self, cookie: String) -> Result<Option<BrowserSession>> {
        let (digest, now) = (sha256(cookie.as_bytes()), self.db.now().naive_utc());
        let found = self.db.read(move |conn| store::by_token(conn, &digest, now)).await?;
        Ok(found.filter(|found| !found.ended).and_then(|found| {
            let csrf = hex(found.csrf.as_ref()?);
            Some(BrowserSession {
                principal: principal(&found),
                cookie,
                csrf,
                language: found.language,
                recovery_codes: None,
            })
        }))
    }

    /// Remembers the language that a user switched to.
    ///
    /// # Errors
    /// As any write.
    pub async fn choose_language(&self, who: &Principal, language: &'static str) -> Result<()> {
        let user = who.user;
        let vault = self.vault.clone();
        let set = move |tx: &mut Tx| {
            let seen = audit::seen(tx.conn, &vault, &USER, user.0)?;
            store::set_language(tx, user, language)?;
            seen.record(tx, &vault, Line::new(Some(user), "accounts.language").on(user)).map(drop)
        };
        self.db.write(Lane::Actor(user.0), set).await
    }
}

/// A sign-in in the record of changes.
const SESSION: audit::Thing = audit::Thing { name: "session", tables: &[("sessions", "id")] };

enum Rotated {
    Fresh(Found),
    Reused(SessionId),
    Unknown,
}

/// Spends `old` and issues `new`. Reuse ends the sign-in; that must commit, so it is no error here.
fn rotate(tx: &mut Tx, vault: &Vault, old: &[u8], new: &[u8]) -> Result<Rotated> {
    let now = tx.now;
    let Some(found) = store::by_token(tx.conn, old, now.naive_utc())? else { return Ok(Rotated::Unknown) };
    // A browser's cookie is no refresh token.
    if found.ended || found.csrf.is_some() {
        return Ok(Rotated::Unknown);
    }
    let in_grace = found.used_at.is_some_and(|used| now.naive_utc() - used <= GRACE);
    if !store::use_token(tx, old)? && !in_grace {
        let seen = audit::seen(tx.conn, vault, &SESSION, found.session.0)?;
        store::revoke(tx, found.session)?;
        seen.record(tx, vault, Line::new(Some(found.user), "accounts.refresh_reused").on(found.session))?;
        return Ok(Rotated::Reused(found.session));
    }
    store::insert_token(tx, found.session, new)?;
    Ok(Rotated::Fresh(found))
}

fn principal(found: &Found) -> Principal {
    Principal { user: found.user, role: found.role, session: found.session, facility: found.facility }
}

//! Sign-ins: begun with a password, kept by a rotating refresh token or a browser's cookie, ended by
//! sign-out, expiry, or the reuse of a token that was already spent.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::Duration;
use shiryan_kernel::ids::SessionId;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::store::{self, Credentials, Found};
use super::{Hasher, Principal, Tokens, Username};
use crate::audit::{self, Line};
use crate::db::{Db, Lane, Tx};
use crate::vault::{Vault, hex, random_token, sha256};

/// A refresh whose reply was lost may be tried again for so long.
const GRACE: Duration = Duration::seconds(10);

/// What somebody offers to sign in.
pub struct SignIn {
    pub username: String,
    pub password: String,
    /// Required when the account must choose a password of its own.
    pub new_password: Option<String>,
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
}

/// A browser's sign-in: the cookie's secret, and the token that its forms must carry.
pub struct BrowserSession {
    pub principal: Principal,
    pub cookie: String,
    pub csrf: String,
    pub language: Option<String>,
}

/// How often within a minute something may be asked under one name; nobody is shut out for longer.
#[derive(Debug)]
pub struct Budget {
    per_minute: u32,
    asked: Mutex<HashMap<String, (Moment, u32)>>,
}

impl Budget {
    const MOST_NAMES: usize = 10_000;

    #[must_use]
    pub fn a_minute(per_minute: u32) -> Self {
        Self { per_minute, asked: Mutex::default() }
    }

    /// Counts one more under a name, before any work is done for it.
    ///
    /// # Errors
    /// `too_many_requests` past the budget of the minute that the first of them began.
    pub fn count(&self, name: &str, now: Moment) -> Result<()> {
        let minute = Duration::minutes(1);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= Self::MOST_NAMES {
            asked.retain(|_, (since, _)| now - *since < minute);
        }
        let entry = asked.entry(name.to_owned()).or_insert((now, 0));
        if now - entry.0 >= minute {
            *entry = (now, 0);
        }
        entry.1 += 1;
        if entry.1 <= self.per_minute {
            return Ok(());
        }
        let left = (minute - (now - entry.0)).num_seconds().clamp(1, 60);
        Err(Problem::new(Code::TooManyRequests).with("retry_after", left))
    }
}

/// Everything that sign-in needs.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub db: Db,
    pub vault: Vault,
    pub tokens: Tokens,
    pub hasher: Hasher,
    /// Attempts are counted before any hashing.
    pub limits: std::sync::Arc<Budget>,
    pub ended: super::Ended,
    pub days: i64,
}

impl Sessions {
    /// Proves who somebody is; sets the new password where one is due.
    ///
    /// # Errors
    /// `bad_credentials` for any wrong name, password or disabled account, all alike;
    /// `password_change_required`; `too_many_requests`; the new password's own faults.
    async fn prove(&self, offered: SignIn) -> Result<Credentials> {
        let refused = || Problem::new(Code::BadCredentials);
        let username = Username::parse(&offered.username).map_err(|_| refused())?;
        self.limits.count(username.as_str(), self.db.now())?;
        let name = username.clone();
        let found = self.db.read(move |conn| store::credentials(conn, name.as_str())).await?;
        let hash = found.as_ref().map(|found| found.hash.clone());
        let proved = self.hasher.verify(offered.password.clone(), hash).await?;
        let Some(found) = found.filter(|found| proved && !found.disabled) else {
            return Err(refused());
        };
        match offered.new_password {
            None if found.must_change => Err(Problem::new(Code::PasswordChangeRequired)),
            None => Ok(found),
            Some(new) if new == offered.password => Err(Problem::field("new_password", Code::InvalidValue)),
            Some(new) => {
                let hash = self.hasher.hash(new).await.map_err(|problem| match problem.code {
                    Code::Internal => problem,
                    _ => problem.on("new_password"),
                })?;
                let (vault, user) = (self.vault.clone(), found.id);
                self.db
                    .write(Lane::Actor(user.0), move |tx| {
                        store::set_password(tx, user, &hash, false)?;
                        store::revoke_all(tx, user)?;
                        audit::record(
                            tx,
                            &vault,
                            &Line::new(Some(user), "accounts.password_changed").on(user),
                        )
                    })
                    .await?;
                Ok(found)
            }
        }
    }

    /// Begins an API sign-in.
    ///
    /// # Errors
    /// As its proof.
    pub async fn begin(&self, offered: SignIn) -> Result<Grant> {
        let (principal, refresh_token, _) = self.start(offered, None).await?;
        Ok(Grant { principal, refresh_token })
    }

    /// Begins a browser's sign-in.
    ///
    /// # Errors
    /// As its proof.
    pub async fn begin_browser(&self, offered: SignIn) -> Result<BrowserSession> {
        let csrf: [u8; 32] = rand::random();
        let (principal, cookie, _) = self.start(offered, Some(csrf.to_vec())).await?;
        Ok(BrowserSession { principal, cookie, csrf: hex(&csrf), language: None })
    }

    async fn start(&self, offered: SignIn, csrf: Option<Vec<u8>>) -> Result<(Principal, String, SessionId)> {
        let found = self.prove(offered).await?;
        let (secret, vault, days) = (random_token(), self.vault.clone(), self.days);
        let digest = sha256(secret.as_bytes());
        let session = self
            .db
            .write(Lane::Actor(found.id.0), move |tx| {
                let session = SessionId(tx.id());
                let expires = (tx.now + Duration::days(days)).naive_utc();
                store::insert_session(tx, session, found.id, csrf.as_deref(), expires)?;
                store::insert_token(tx, session, &digest)?;
                audit::record(tx, &vault, &Line::new(Some(found.id), "accounts.signed_in").on(session))?;
                Ok(session)
            })
            .await?;
        let principal = Principal { user: found.id, role: found.role, session, facility: found.facility };
        Ok((principal, secret, session))
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
            Rotated::Fresh(found) => Ok(Grant { principal: principal(&found), refresh_token: secret }),
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
                store::revoke(tx, session)?;
                audit::record(tx, &vault, &Line::new(Some(user), "accounts.signed_out").on(session))
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
            Some(BrowserSession { principal: principal(&found), cookie, csrf, language: found.language })
        }))
    }

    /// Remembers the language that a user switched to.
    ///
    /// # Errors
    /// As any write.
    pub async fn choose_language(&self, who: &Principal, language: &'static str) -> Result<()> {
        let user = who.user;
        self.db.write(Lane::Actor(user.0), move |tx| store::set_language(tx, user, language)).await
    }
}

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
        store::revoke(tx, found.session)?;
        audit::record(tx, vault, &Line::new(Some(found.user), "accounts.refresh_reused").on(found.session))?;
        return Ok(Rotated::Reused(found.session));
    }
    store::insert_token(tx, found.session, new)?;
    Ok(Rotated::Fresh(found))
}

fn principal(found: &Found) -> Principal {
    Principal { user: found.user, role: found.role, session: found.session, facility: found.facility }
}

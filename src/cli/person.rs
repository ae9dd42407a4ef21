//! A named person on the command line: commands that open identities or change keys sign somebody in (B12).

use clap::Args;
use shiryan_kernel::time::{Clock, SystemClock};
use shiryan_kernel::{Code, Problem};

use crate::accounts::{self, Actor, Principal, Right};
use crate::app::{self, secret};
use crate::db::Conn;
use crate::vault::Vault;

/// Who acts.
#[derive(Debug, Clone, Args)]
pub struct Person {
    /// Who you are; the password is asked for, or read as one line from standard input
    #[arg(long, value_name = "NAME")]
    user: String,
}

impl Person {
    /// Asks for the password, and for a code where a second factor stands, and proves who it is and that the right is held.
    ///
    /// # Errors
    /// Says why not, never the password.
    pub fn sign_in<R: Right>(
        &self,
        vault: &Vault,
        read: impl FnOnce(&dyn Fn(&mut Conn) -> Result<Principal, Problem>) -> Result<Principal, Problem>,
    ) -> Result<Principal, String> {
        let password = secret::ask("Password: ")?;
        let ask_code = || secret::ask("Code: ").map_err(Problem::internal);
        let prove = |conn: &mut Conn| {
            let is_live = app::is_live(conn)?;
            let now = SystemClock.now();
            accounts::prove_now(conn, vault, (&self.user, &password), (is_live, now), &ask_code)
        };
        let principal = read(&prove).map_err(|problem| match problem.code {
            Code::Busy => "the database is busy: another program has it open; stop it first".to_owned(),
            Code::BadCredentials => "wrong name or password".to_owned(),
            Code::SecondFactorMissing => {
                "this account needs a second factor: sign in once in the browser and set it up".to_owned()
            }
            Code::SecondFactorInvalid => "wrong code, or one that was used: wait for the next".to_owned(),
            Code::PasswordChangeRequired => {
                "sign in once in the browser and choose a password first".to_owned()
            }
            _ => problem.cause.unwrap_or_else(|| problem.code.to_string()),
        })?;
        Actor::<R>::of(principal.clone()).map_err(|_| "this account may not do that".to_owned())?;
        Ok(principal)
    }
}

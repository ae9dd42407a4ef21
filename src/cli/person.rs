//! A named person on the command line: commands that open identities or change keys sign somebody in (B12).

use clap::Args;
use shiryan_kernel::{Code, Problem};

use crate::accounts::{self, Actor, Principal, Right};
use crate::app::secret;
use crate::db::Conn;

/// Who acts.
#[derive(Debug, Clone, Args)]
pub struct Person {
    /// Who you are; the password is asked for, or read as one line from standard input
    #[arg(long, value_name = "NAME")]
    user: String,
}

impl Person {
    /// Asks for the password and proves who it is, and that the right is held.
    ///
    /// # Errors
    /// Says why not, never the password.
    pub fn sign_in<R: Right>(
        &self,
        read: impl FnOnce(&dyn Fn(&mut Conn) -> Result<Principal, Problem>) -> Result<Principal, Problem>,
    ) -> Result<Principal, String> {
        let password = secret::ask("Password: ")?;
        let prove = |conn: &mut Conn| accounts::prove_now(conn, &self.user, &password);
        let principal = read(&prove).map_err(|problem| match problem.code {
            Code::Busy => "the database is busy: another program has it open; stop it first".to_owned(),
            Code::BadCredentials => "wrong name or password".to_owned(),
            Code::PasswordChangeRequired => {
                "sign in once in the browser and choose a password first".to_owned()
            }
            _ => problem.cause.unwrap_or_else(|| problem.code.to_string()),
        })?;
        Actor::<R>::of(principal.clone()).map_err(|_| "this account may not do that".to_owned())?;
        Ok(principal)
    }
}

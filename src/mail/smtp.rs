//! One letter by SMTP, on a connection of its own, and what each refusal means.
//!
//! TLS stands before anything is said but the greeting; a server that does not offer it gets nothing. What goes
//! wrong before the recipient is named is the house's own affair and no fault of the letter. A server that falls
//! silent after the letter may have taken it: it is tried again under the same `Message-ID`.

use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::Failure;
use crate::settings::{self, Tls};

/// A mail server, and how to speak with it.
#[derive(Clone)]
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    parameters: TlsParameters,
    hello: ClientId,
    credentials: Option<Credentials>,
    timeout: Duration,
}

impl Smtp {
    /// # Errors
    /// Says which file is in the way.
    pub fn open(mail: &settings::Mail) -> Result<Self, String> {
        let mut parameters = TlsParametersBuilder::new(mail.host.clone());
        if let Some(path) = mail.ca() {
            let said = |cause: String| format!("mail.ca {}: {cause}", path.display());
            let pem = std::fs::read(path).map_err(|error| said(error.to_string()))?;
            let trusted =
                Certificate::from_pem(&pem).map_err(|_| said("expected certificates in PEM".into()))?;
            parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(trusted);
        }
        let credentials = mail
            .password_file()
            .map(|path| {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("mail.password_file {}: {error}", path.display()))?;
                let password = text.lines().next().unwrap_or_default().to_owned();
                Ok::<_, String>(Credentials::new(mail.user.clone(), password))
            })
            .transpose()?;
        let domain = mail.from().map(|from| from.email.domain().to_owned());
        Ok(Self {
            host: mail.host.clone(),
            port: mail.port,
            tls: mail.tls,
            parameters: parameters.build().map_err(|_| "mail.ca: expected certificates of authorities")?,
            hello: domain.map_or_else(ClientId::default, ClientId::Domain),
            credentials,
            timeout: Duration::from_secs(mail.timeout_seconds),
        })
    }

    /// Hands a letter over; blocks until the server took it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn send(&self, message: &Message) -> Result<(), Failure> {
        let mut server = self.connect().map_err(|error| Failure::House(code(&error)))?;
        let outcome = hand_over(&mut server, message);
        // Whatever it says to that, the letter is there or is not.
        let _ = server.quit();
        outcome
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let wrapped = Some(&self.parameters).filter(|_| self.tls == Tls::Tls);
        let at = (self.host.as_str(), self.port);
        let mut server = SmtpConnection::connect(at, Some(self.timeout), &self.hello, wrapped, None)?;
        if self.tls == Tls::Starttls {
            server.starttls(&self.parameters, &self.hello)?;
        }
        if let Some(credentials) = &self.credentials {
            server.auth(&[Mechanism::Plain, Mechanism::Login], credentials)?;
        }
        Ok(server)
    }
}

fn hand_over(server: &mut SmtpConnection, message: &Message) -> Result<(), Failure> {
    let house = |error: Error| Failure::House(code(&error));
    let theirs = |error: Error| {
        if error.is_permanent() { Failure::Refused(code(&error)) } else { Failure::Later(code(&error)) }
    };
    let envelope = message.envelope();
    server.command(Mail::new(envelope.from().cloned(), Vec::new())).map_err(house)?;
    for to in envelope.to() {
        server.command(Rcpt::new(to.clone(), Vec::new())).map_err(theirs)?;
    }
    server.command(Data).map_err(theirs)?;
    server.message(&message.formatted()).map_err(theirs)?;
    Ok(())
}

/// What went wrong, without a word of the server's own: servers repeat addresses.
fn code(error: &Error) -> String {
    match error.status() {
        Some(status) => format!("smtp_{status}"),
        None if error.is_timeout() => "timeout".into(),
        None if error.is_tls() => "tls".into(),
        None if error.is_client() => "not_offered".into(),
        None => "network".into(),
    }
}

//! Short messages through a gateway of the operator's own: one signed POST for each.
//!
//! The signature is that of Standard Webhooks: `webhook-signature: v1,` and HMAC-SHA-256 over
//! `webhook-id.webhook-timestamp.body`. The address comes from the settings alone and no redirect is followed, so
//! that nobody who answers can lead a number elsewhere.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use shiryan_kernel::text::Phone;
use shiryan_kernel::time::Moment;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::Failure;
use crate::settings;
use crate::texts::Lang;

/// What one person is to read on a telephone.
#[derive(Clone)]
pub struct Text {
    /// The same each time it is tried.
    pub id: String,
    pub to: Phone,
    pub language: Lang,
    pub text: String,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    to: &'a str,
    language: &'a str,
    text: &'a str,
}

/// A gateway, and the secret shared with it.
#[derive(Clone)]
pub struct Webhook {
    url: String,
    secret: Hmac<Sha256>,
    agent: ureq::Agent,
}

impl Webhook {
    /// The gateway that the settings name; none without one.
    ///
    /// # Errors
    /// Says which file is in the way.
    pub fn open(settings: &settings::Webhook) -> Result<Option<Self>, String> {
        let Some(key_file) = settings.key_file() else { return Ok(None) };
        let said = |error: String| format!("webhook.key_file {}: {error}", key_file.display());
        let text = std::fs::read_to_string(key_file).map_err(|error| said(error.to_string()))?;
        let secret = text.lines().next().unwrap_or_default().trim();
        if secret.len() < 32 {
            return Err(said("expected at least 32 characters in its first line".into()));
        }
        let secret =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|error| said(error.to_string()))?;
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(trusted(settings)?)))
            .build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent("")
            .timeout_global(Some(Duration::from_secs(settings.timeout_seconds)))
            .tls_config(tls)
            .build()
            .into();
        Ok(Some(Self { url: settings.url.clone(), secret, agent }))
    }

    /// Hands a text over; blocks until the gateway took it.
    ///
    /// # Errors
    /// [`Failure`]: what the gateway says of the text (400, 410, 413, 422) is believed, what it may take later (408,
    /// 429, 5xx) is tried again, and all else is the house's own affair.
    pub fn send(&self, text: &Text, now: Moment) -> Result<(), Failure> {
        let body =
            Body { id: &text.id, to: text.to.as_str(), language: text.language.tag(), text: &text.text };
        let body = serde_json::to_string(&body).map_err(|_| Failure::Refused("compose".into()))?;
        let at = now.timestamp().to_string();
        let mut mac = self.secret.clone();
        mac.update(format!("{}.{at}.{body}", text.id).as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let sent = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &text.id)
            .header("webhook-timestamp", &at)
            .header("webhook-signature", &signature)
            .send(body);
        let status = match sent {
            Ok(answer) => answer.status().as_u16(),
            // It may have taken it.
            Err(ureq::Error::Timeout(_)) => return Err(Failure::Later("timeout".into())),
            Err(_) => return Err(Failure::House("network".into())),
        };
        let code = format!("http_{status}");
        match status {
            200..=299 => Ok(()),
            400 | 410 | 413 | 422 => Err(Failure::Refused(code)),
            408 | 429 | 500..=599 => Err(Failure::Later(code)),
            _ => Err(Failure::House(code)),
        }
    }
}

/// Those that the settings name alone, else the system's.
fn trusted(settings: &settings::Webhook) -> Result<Vec<Certificate<'static>>, String> {
    let Some(path) = settings.ca() else {
        let found = rustls_native_certs::load_native_certs().certs;
        return Ok(found.iter().map(|der| Certificate::from_der(der).to_owned()).collect());
    };
    let said = |error: String| format!("webhook.ca {}: {error}", path.display());
    let pem = std::fs::read(path).map_err(|error| said(error.to_string()))?;
    let items = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(found)) => Some(Ok(found)),
        Ok(_) => None,
        Err(error) => Some(Err(said(error.to_string()))),
    });
    items.collect()
}

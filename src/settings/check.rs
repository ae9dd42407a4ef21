//! What no type says: ranges, and keys that go together.

use shiryan_kernel::compat::Caution;
use shiryan_kernel::laboratory::Marker;

use super::layers::Layers;
use super::{Settings, SettingsError, Tls, Transport};
use crate::db::Target;

impl Settings {
    pub(super) fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        let wrong = |key: &str, expected: &str| {
            Err(SettingsError(format!("{}: {key}: expected {expected}", layers.origin(key))))
        };
        if !self.metrics.listen.is_empty() && !self.metrics_listen().is_some_and(|at| at.ip().is_loopback()) {
            return wrong("metrics.listen", "a loopback address such as 127.0.0.1:9464, or nothing");
        }
        if !self.log.traces.is_empty() && !is_plain_loopback(&self.log.traces) {
            return wrong(
                "log.traces",
                "http:// and a loopback address such as http://127.0.0.1:4318, or nothing",
            );
        }
        if self.server.tls_certificate.is_empty() != self.server.tls_key.is_empty() {
            return wrong("server.tls_key", "both tls_certificate and tls_key, or neither");
        }
        if !self.server.listen.ip().is_loopback() && !self.has_tls() && !self.server.behind_proxy {
            return wrong(
                "server.listen",
                "a loopback address, unless tls_certificate and tls_key are set or behind_proxy is true",
            );
        }
        let origin = &self.server.origin;
        let is_http = origin.starts_with("https://") || origin.starts_with("http://");
        if !origin.is_empty() && !is_http {
            return wrong("server.origin", "https://host or http://host");
        }
        if !(1..=10).contains(&self.accounts.access_token_minutes) {
            return wrong("accounts.access_token_minutes", "1 to 10");
        }
        if !(1..=90).contains(&self.accounts.session_days) {
            return wrong("accounts.session_days", "1 to 90");
        }
        if !(8..=128).contains(&self.accounts.password_characters) {
            return wrong("accounts.password_characters", "8 to 128");
        }
        let panel = &self.laboratory.panel;
        if !Marker::MANDATORY.iter().all(|marker| panel.contains(marker)) {
            return wrong("laboratory.panel", "hbsag, hcv, hiv and syphilis at least");
        }
        if !(1..=168).contains(&self.stock.hold_hours) {
            return wrong("stock.hold_hours", "1 to 168");
        }
        let second = &self.stock.second_person_for;
        if !second.contains(&Caution::SecondPersonForChild) {
            return wrong("stock.second_person_for", "second_person_for_child at least");
        }
        if self.component_codes().is_none() {
            return wrong("stock.component_codes", "a list of CODE=component, each code once");
        }
        if self.keeping().is_none() {
            return wrong(
                "stock",
                "platelets and plasma as they are kept for days, at_most_days a list of component=days",
            );
        }
        let travel = &self.travel;
        if !(5..=120).contains(&travel.kilometres_an_hour) {
            return wrong("travel.kilometres_an_hour", "5 to 120");
        }
        if !(0..=300).contains(&travel.detour_per_cent) {
            return wrong("travel.detour_per_cent", "0 to 300");
        }
        if !(0..=600).contains(&travel.between_governorates_minutes) {
            return wrong("travel.between_governorates_minutes", "0 to 600");
        }
        let pack = &self.pack;
        if !(1..=20).contains(&pack.red_cells) {
            return wrong("pack.red_cells", "1 to 20");
        }
        if !(1..=20).contains(&pack.plasma) {
            return wrong("pack.plasma", "1 to 20");
        }
        if !(0..=20).contains(&pack.platelets) {
            return wrong("pack.platelets", "0 to 20");
        }
        let drives = &self.drives;
        if !(1..=100).contains(&drives.first_timers_per_cent) {
            return wrong("drives.first_timers_per_cent", "1 to 100");
        }
        if !(0..=50).contains(&drives.overbooked_per_cent) {
            return wrong("drives.overbooked_per_cent", "0 to 50");
        }
        if !(20..=45).contains(&drives.hottest_outdoors_c) {
            return wrong("drives.hottest_outdoors_c", "20 to 45");
        }
        if !(1..=10_000).contains(&self.donors.exact_look_ups_a_day) {
            return wrong("donors.exact_look_ups_a_day", "1 to 10000");
        }
        if !(1..=10_000).contains(&self.donors.identities_a_day) {
            return wrong("donors.identities_a_day", "1 to 10000");
        }
        let titres = &self.titres;
        if !(2..=256).contains(&titres.low_below) {
            return wrong("titres.low_below", "2 to 256");
        }
        if !(1..=90).contains(&titres.operational_days) {
            return wrong("titres.operational_days", "1 to 90");
        }
        if !(1..=365).contains(&titres.routine_days) {
            return wrong("titres.routine_days", "1 to 365");
        }
        let mail = &self.mail;
        if mail.from().is_none() && (mail.transport != Transport::None || !mail.from.is_empty()) {
            return wrong("mail.from", "an address such as appointments@force.example");
        }
        if mail.transport == Transport::Smtp && mail.host.is_empty() {
            return wrong("mail.host", "the mail server's name");
        }
        let is_here = is_loopback(&mail.host);
        let webhook = &self.webhook;
        if webhook.url.is_empty() != webhook.key_file.is_empty() {
            return wrong("webhook.key_file", "both url and key_file, or neither");
        }
        if !webhook.url.is_empty() && !is_safe(&webhook.url) {
            return wrong(
                "webhook.url",
                "https://host/path, or http:// to this machine, without a user or a password",
            );
        }
        if !(1..=60).contains(&webhook.timeout_seconds) {
            return wrong("webhook.timeout_seconds", "1 to 60");
        }
        if mail.tls == Tls::None && !is_here {
            return wrong("mail.tls", "starttls or tls, unless the mail server runs on this machine");
        }
        if mail.user.is_empty() != mail.password_file.is_empty() {
            return wrong("mail.password_file", "both user and password_file, or neither");
        }
        if !(1..=120).contains(&mail.timeout_seconds) {
            return wrong("mail.timeout_seconds", "1 to 120");
        }
        if mail.quiet_from == mail.quiet_until {
            return wrong("mail.quiet_until", "another time than quiet_from");
        }
        if !(1..=50).contains(&mail.a_day) {
            return wrong("mail.a_day", "1 to 50");
        }
        if !(0..=14).contains(&mail.reminder_days) {
            return wrong("mail.reminder_days", "0 to 14");
        }
        if !(0..=23).contains(&mail.reminder_hours) {
            return wrong("mail.reminder_hours", "0 to 23");
        }
        if !(1..=50).contains(&mail.attempts) {
            return wrong("mail.attempts", "1 to 50");
        }
        if !(1..=200).contains(&self.database.connections) {
            return wrong("database.connections", "1 to 200");
        }
        if self.server.linger_seconds > 300 {
            return wrong("server.linger_seconds", "0 to 300");
        }
        if self.server.workers > 256 {
            return wrong("server.workers", "0 to 256");
        }
        let zone = self.place.zone;
        if zone != chrono_tz::Tz::Asia__Hebron && zone != chrono_tz::Tz::Asia__Gaza {
            return wrong("place.zone", "Asia/Hebron or Asia/Gaza");
        }
        let target = self
            .target()
            .map_err(|error| SettingsError(format!("{}: {error}", layers.origin("database.url"))))?;
        match target.check_way(Target::HAS_TLS, self.database.allow_plaintext) {
            Err(expected) => wrong("database.url", expected),
            Ok(()) => Ok(()),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether what is sent there is read by nobody on the way.
fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<actix_web::http::Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    !authority.as_str().contains('@')
        && (uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && is_loopback(host))
}

/// Whether it leads to a program of this machine, without TLS.
fn is_plain_loopback(url: &str) -> bool {
    url.starts_with("http://") && is_safe(url)
}

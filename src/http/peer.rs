//! Where a request comes from: counted, never written down.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use super::House;

/// The address of whoever asks. Behind a declared proxy it is what that proxy, the nearest, has added last to
/// `X-Forwarded-For`; what stands before it anybody could have written.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub Option<IpAddr>);

impl FromRequest for Peer {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let house = request.app_data::<web::Data<House>>();
        let is_told = house.is_some_and(|house| house.settings.server.behind_proxy);
        let direct = request.peer_addr().map(|peer| peer.ip());
        ready(Ok(Self(if is_told { told(request).or(direct) } else { direct })))
    }
}

fn told(request: &HttpRequest) -> Option<IpAddr> {
    let last = request.headers().get_all("x-forwarded-for").last()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_what_the_nearest_proxy_added_counts() {
        let with = |values: &[&str]| {
            let mut request = TestRequest::default();
            for value in values {
                request = request.append_header(("x-forwarded-for", *value));
            }
            told(&request.to_http_request()).map(|address| address.to_string())
        };
        assert_eq!(with(&["198.51.100.7, 192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(with(&["198.51.100.7", "2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(with(&["192.0.2.1, forged"]), None);
        assert_eq!(with(&[]), None);
    }
}

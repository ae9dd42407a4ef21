//! The style sheet and the mark, inside the program, each under an address that holds its digest: a
//! browser keeps it for good, and a new one has a new address.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;
use shiryan_kernel::Code;

use crate::http::Answer;
use crate::vault::hex;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Adds the addresses.
pub fn serve(config: &mut web::ServiceConfig) {
    config.route("/assets/{digest}/{name}", web::get().to(asset));
}

async fn asset(path: web::Path<(String, String)>) -> Answer {
    let (digest, name) = path.into_inner();
    let found = Assets::get(&name).filter(|file| short(&file.metadata.sha256_hash()) == digest);
    let file = found.ok_or(Code::NotFound)?;
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, FOR_GOOD))
        .body(file.data.into_owned()))
}

/// Where an asset is found; its bare name when there is none, so that the gap is seen.
pub(super) fn address(name: &str) -> String {
    match Assets::get(name) {
        Some(file) => format!("/assets/{}/{name}", short(&file.metadata.sha256_hash())),
        None => name.to_owned(),
    }
}

fn short(digest: &[u8; 32]) -> String {
    let (head, _) = digest.split_at(8);
    hex(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_frame_names_is_there() {
        for name in ["base.css", "mark.svg"] {
            assert!(address(name).starts_with("/assets/"), "{name}");
        }
        assert_eq!(address("nothing.css"), "nothing.css");
    }

    #[test]
    fn assets_ask_nothing_of_other_places() {
        for name in Assets::iter() {
            let file = Assets::get(&name).unwrap();
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for asks in ["http://", "https://", "@import", "url(//"] {
                assert!(!text.contains(asks), "{name}: {asks}");
            }
        }
    }
}

//! Forms that carry a file: the same door as that of other forms, and the file held in memory, so large as it may be.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::TryStreamExt;
use shiryan_kernel::{Code, Problem, Result};

use super::form::{FIELD, Print, check_origin};
use super::{Fields, Visitor};
use crate::http::Refusal;

/// The most that a file may weigh, in bytes, and each other field.
const MOST: usize = crate::places::MOST_BYTES;
const MOST_OF_A_FIELD: usize = 4 * 1024;
/// The most fields.
const FIELDS: usize = 32;
const ARRIVES_WITHIN: Duration = Duration::from_secs(120);

/// A form with a file that came from one of our pages, and who sent it.
#[derive(Debug)]
pub struct Upload {
    pub visitor: Visitor,
    pub form: Fields,
    /// The field `file`; empty where none was chosen.
    pub file: Bytes,
    pub print: Print,
}

impl FromRequest for Upload {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let parts = Multipart::from_request(&request, payload);
        Box::pin(async move {
            check_origin(&request)?;
            if !request.content_type().eq_ignore_ascii_case("multipart/form-data") {
                return Err(Code::UnsupportedMediaType.into());
            }
            let parts = parts.await.map_err(|_| Problem::new(Code::UnsupportedMediaType))?;
            let visitor = Visitor::extract(&request).await?;
            // Before anything is read into memory: no page with a file is open to everybody.
            if visitor.principal.is_none() {
                return Err(Code::Unauthenticated.into());
            }
            let read = tokio::time::timeout(ARRIVES_WITHIN, read(parts)).await;
            let (form, file) = read.map_err(|_| Problem::new(Code::InvalidRequest))??;
            if !visitor.secret.made(form.raw(FIELD)) {
                return Err(Code::CrossSiteRefused.into());
            }
            let print = Print::of_parts(&request, form.all(), &file);
            Ok(Self { visitor, form: form.without(FIELD), file, print })
        })
    }
}

async fn read(mut parts: Multipart) -> Result<(Fields, Bytes)> {
    let (mut form, mut file, mut count) = (Fields::default(), None, 0);
    let bad = || Problem::new(Code::InvalidRequest);
    while let Some(mut part) = parts.try_next().await.map_err(|_| bad())? {
        let name = part.name().unwrap_or_default().to_owned();
        count += 1;
        if name.is_empty() || count > FIELDS {
            return Err(bad());
        }
        let most = if name == "file" { MOST } else { MOST_OF_A_FIELD };
        let over = |_| Problem::new(Code::BodyTooLarge).with("limit_bytes", most);
        let bytes = part.bytes(most).await.map_err(over)?.map_err(|_| bad())?;
        let is_new = if name == "file" {
            file.replace(bytes).is_none()
        } else {
            let text = std::str::from_utf8(&bytes).map_err(|_| Problem::new(Code::BadText))?;
            let is_new = !form.is(&name);
            form.set(name, text);
            is_new
        };
        if !is_new {
            return Err(bad());
        }
    }
    Ok((form, file.unwrap_or_default()))
}

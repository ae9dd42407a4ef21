//! Files that are made for one answer: written first, so that a fault is a problem and never half a file, then sent
//! in pieces.

use std::fs::File;
use std::io::{Read, Seek};

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;
use shiryan_kernel::{Problem, Result};
use tokio::sync::OwnedSemaphorePermit;

use crate::db::off_loop;

const PIECE: u64 = 64 * 1024;

/// A file without a name in the system's temporary directory, gone when it is closed; nobody else can open it.
///
/// # Errors
/// `internal` when there is no room.
pub fn nameless() -> Result<File> {
    tempfile::tempfile().map_err(Problem::internal)
}

/// Sends a file from its beginning. It and its room are free when it is sent or nobody takes it any more.
///
/// # Errors
/// `internal` when it cannot be read.
pub fn attachment(
    mut file: File,
    room: OwnedSemaphorePermit,
    name: &str,
    media_type: &'static str,
) -> Result<HttpResponse> {
    file.rewind().map_err(Problem::internal)?;
    let size = file.metadata().map_err(Problem::internal)?.len();
    let pieces = stream::unfold(Some((file, room)), |state| async move {
        let (file, room) = state?;
        match off_loop(move || piece(file)).await {
            Ok((_, bytes)) if bytes.is_empty() => None,
            Ok((file, bytes)) => Some((Ok(bytes), Some((file, room)))),
            Err(problem) => Some((Err(std::io::Error::other(problem.code.code())), None)),
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(SizedStream::new(size, pieces)))
}

fn piece(mut file: File) -> Result<(File, Bytes)> {
    let mut bytes = Vec::new();
    file.by_ref().take(PIECE).read_to_end(&mut bytes).map_err(Problem::internal)?;
    Ok((file, bytes.into()))
}

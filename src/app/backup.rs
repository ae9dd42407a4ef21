//! A backup: one file, encrypted to a recipient whose private half lies elsewhere, and back again.
//!
//! The file is in the format of age (age-encryption.org), so that its own program opens it too. Inside stands one line of
//! JSON about the copy and then the copy, as the database's own tool wrote it. The root key is never in it: without that
//! key names stay closed, and without the recipient's identity nothing opens.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;

use age::x25519::{Identity, Recipient};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shiryan_kernel::time::Moment;

use super::{OpenError, said};
use crate::audit::Head;
use crate::db::{Target, migrate, snapshot};
use crate::vault::hex;

/// Of this program's files.
const FORMAT: u32 = 1;
/// No line about a copy is longer.
const LINE: u64 = 64 * 1024;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub format: u32,
    /// `sqlite` or `postgres`.
    pub kind: String,
    pub made_at: Moment,
    /// The schema that it was made under.
    pub schema: String,
    pub bytes: u64,
    /// Of the copy, in hexadecimal.
    pub sha256: String,
    /// How far the audit's chain reached before it was made.
    pub audit: Option<Head>,
}

fn failed(what: &Path) -> impl Fn(std::io::Error) -> OpenError {
    move |error| OpenError(format!("{}: {error}", what.display()))
}

const fn kind(target: &Target) -> &'static str {
    match target {
        Target::Sqlite(_) => "sqlite",
        Target::Postgres(_) => "postgres",
    }
}

/// The public half, as `age1…`.
///
/// # Errors
/// Says that it is none.
pub fn recipient(text: &str) -> Result<Recipient, OpenError> {
    Recipient::from_str(text.trim()).map_err(|error| OpenError(format!("{text}: {error}; expected age1…")))
}

/// A new identity: its text, to be kept elsewhere, and its public half.
#[must_use]
pub fn new_identity() -> (String, String) {
    use age::secrecy::ExposeSecret;
    let identity = Identity::generate();
    let public = identity.to_public().to_string();
    let secret = identity.to_string();
    (format!("# public key: {public}\n{}\n", secret.expose_secret()), public)
}

/// The identities of a file, a line each; lines that begin with `#` are passed over.
fn identities(file: &Path) -> Result<Vec<Identity>, OpenError> {
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).map_err(failed(file))?);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read: Result<Vec<Identity>, &str> = lines.map(Identity::from_str).collect();
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(OpenError(format!("{}: expected lines AGE-SECRET-KEY-…", file.display()))),
    }
}

/// Copies the database while it serves into `out`, which must not be there. `room` is a directory on a disk that may hold
/// the copy in clear for as long as it takes.
///
/// # Errors
/// Says what is in the way; then nothing is left behind.
pub fn make(
    target: &Target,
    to: &Recipient,
    (room, out): (&Path, &Path),
    made_at: Moment,
    audit: Option<Head>,
) -> Result<About, OpenError> {
    if out.exists() {
        return Err(OpenError(format!("{}: it is there; a backup replaces nothing", out.display())));
    }
    crate::vault::private_dir(room).map_err(OpenError)?;
    let held = tempfile::Builder::new().prefix(".backup-").tempdir_in(room).map_err(failed(room))?;
    let copy = held.path().join("copy");
    snapshot::take(target, &copy).map_err(said)?;
    let (bytes, sha256) = digest(&copy)?;
    let about = About {
        format: FORMAT,
        kind: kind(target).to_owned(),
        made_at,
        schema: migrate::fingerprint(target),
        bytes,
        sha256,
        audit,
    };
    let beside = out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let part = tempfile::Builder::new().prefix(".backup-").tempfile_in(beside).map_err(failed(beside))?;
    let to: &dyn age::Recipient = to;
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(to)).map_err(|error| OpenError(error.to_string()))?;
    let write = || -> std::io::Result<()> {
        let mut sealed = encryptor.wrap_output(BufWriter::new(part.as_file()))?;
        serde_json::to_writer(&mut sealed, &about)?;
        sealed.write_all(b"\n")?;
        std::io::copy(&mut File::open(&copy)?, &mut sealed)?;
        sealed.finish()?.flush()?;
        part.as_file().sync_all()
    };
    write().map_err(failed(out))?;
    part.persist_noclobber(out).map_err(|error| failed(out)(error.error))?;
    File::open(beside).and_then(|dir| dir.sync_all()).map_err(failed(beside))?;
    Ok(about)
}

/// Opens a backup and puts its copy where nothing is.
///
/// # Errors
/// Says what is in the way: another format, kind or schema, a file that is damaged or cut, a database that is not empty.
pub fn restore(file: &Path, identity: &Path, target: &Target, room: &Path) -> Result<About, OpenError> {
    let identities = identities(identity)?;
    let said_of = |what: &str| OpenError(format!("{}: {what}", file.display()));
    let sealed = BufReader::new(File::open(file).map_err(failed(file))?);
    let known = identities.iter().map(|one| -> &dyn age::Identity { one });
    let opened = age::Decryptor::new(sealed)
        .and_then(|sealed| sealed.decrypt(known))
        .map_err(|error| said_of(&error.to_string()))?;
    let mut opened = BufReader::new(opened);
    let mut line = String::new();
    opened.by_ref().take(LINE).read_line(&mut line).map_err(failed(file))?;
    let about: About = serde_json::from_str(&line).map_err(|_| said_of("it is no backup of this program"))?;
    if about.format != FORMAT {
        return Err(said_of("another version of the program made it"));
    }
    if about.kind != kind(target) {
        return Err(said_of(&format!(
            "it is of {}; a copy goes back into the kind it came from",
            about.kind
        )));
    }
    if !migrate::is_known(target, &about.schema) {
        return Err(said_of("it was made under another version of the schema"));
    }
    crate::vault::private_dir(room).map_err(OpenError)?;
    let held = tempfile::Builder::new().prefix(".restore-").tempdir_in(room).map_err(failed(room))?;
    let copy = held.path().join("copy");
    let mut own = std::fs::OpenOptions::new();
    let mut out = own.write(true).create_new(true).mode(0o600).open(&copy).map_err(failed(&copy))?;
    std::io::copy(&mut opened, &mut out).map_err(failed(file))?;
    out.sync_all().map_err(failed(&copy))?;
    if digest(&copy)? != (about.bytes, about.sha256.clone()) {
        return Err(said_of("its copy is not the one that it tells of"));
    }
    snapshot::put(&copy, target).map_err(said)?;
    Ok(about)
}

fn digest(file: &Path) -> Result<(u64, String), OpenError> {
    let mut reader = File::open(file).map_err(failed(file))?;
    let mut digest = Sha256::new();
    let mut part = vec![0_u8; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = reader.read(&mut part).map_err(failed(file))?;
        let Some(found) = part.get(..read).filter(|found| !found.is_empty()) else { break };
        digest.update(found);
        bytes += u64::try_from(read).unwrap_or(0);
    }
    Ok((bytes, hex(&digest.finalize())))
}

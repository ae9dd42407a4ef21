//! The root key: read from its own file, made once where none is, never beside the data.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::{hex, unhex};

/// 32 secret bytes.
#[derive(Clone)]
pub struct RootKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl RootKey {
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Reads the key file (64 hexadecimal characters), which nobody but its owner may read.
    ///
    /// # Errors
    /// Says which file and what is wrong with it, never its content.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mode =
            fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!(
                "{}: others may read this key (mode {:o}); make it 600",
                path.display(),
                mode & 0o777
            ));
        }
        let text =
            Zeroizing::new(fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?);
        let bytes = unhex(text.trim()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes
            .map(Self::from_bytes)
            .ok_or_else(|| format!("{}: a root key is 64 hexadecimal characters", path.display()))
    }

    /// Reads the key file, or makes it (0600, in a directory 0700) where none is.
    ///
    /// # Errors
    /// As [`RootKey::read`], or why it could not be made.
    pub fn read_or_make(path: &Path) -> Result<Self, String> {
        if path.exists() {
            return Self::read(path);
        }
        if let Some(dir) = path.parent() {
            private_dir(dir)?;
        }
        let key = Self::from_bytes(rand::random());
        private_file(path, hex(key.bytes()).as_bytes())?;
        Ok(key)
    }
}

/// A passphrase has so many characters at least.
const PASSPHRASE: usize = 16;

impl RootKey {
    /// The root key of a passphrase and a salt: argon2id, 256 MiB, 3 passes.
    ///
    /// # Errors
    /// Says when the passphrase is too short.
    pub fn of_passphrase(passphrase: &str, salt: &Salt) -> Result<Self, String> {
        if passphrase.chars().count() < PASSPHRASE {
            return Err(format!("a passphrase for the root key has at least {PASSPHRASE} characters"));
        }
        let params = Params::new(256 * 1024, 3, 1, Some(32)).map_err(|error| error.to_string())?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut bytes = Zeroizing::new([0; 32]);
        argon
            .hash_password_into(passphrase.as_bytes(), &salt.0, &mut *bytes)
            .map_err(|error| error.to_string())?;
        Ok(Self(bytes))
    }
}

/// What makes two equal passphrases two keys. No secret, but lost with it is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl Salt {
    /// Reads the file of a salt (32 hexadecimal characters).
    ///
    /// # Errors
    /// Says which file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let bytes = unhex(text.trim()).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| format!("{}: a salt is 32 hexadecimal characters", path.display()))
    }

    /// Reads the file, or makes it where none is.
    ///
    /// # Errors
    /// As [`Salt::read`], or why it could not be made.
    pub fn read_or_make(path: &Path) -> Result<Self, String> {
        if path.exists() {
            return Self::read(path);
        }
        if let Some(dir) = path.parent() {
            private_dir(dir)?;
        }
        let salt = Self(rand::random());
        private_file(path, hex(&salt.0).as_bytes())?;
        Ok(salt)
    }
}

/// Makes a directory that only its owner may enter; an existing one must already be so.
///
/// # Errors
/// Says which directory and why.
pub fn private_dir(dir: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", dir.display());
    if dir.as_os_str().is_empty() || dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(said)
}

/// Writes a new file that only its owner may read, wholly on disk before this returns.
///
/// # Errors
/// Says which file and why; an existing file is never replaced.
pub fn private_file(path: &Path, content: &[u8]) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(said)?;
    file.write_all(content).map_err(said)?;
    file.sync_all().map_err(said)?;
    match path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        Some(dir) => fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(said),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_with_tight_modes_then_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/root.key");
        let made = RootKey::read_or_make(&path).unwrap();
        let read = RootKey::read_or_make(&path).unwrap();
        assert_eq!(made.bytes(), read.bytes());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.key");
        RootKey::read_or_make(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(RootKey::read(&path).unwrap_err().contains("600"));
    }

    #[test]
    fn a_passphrase_and_its_salt_are_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] =
            ["one.salt", "other.salt"].map(|name| Salt::read_or_make(&dir.path().join(name)).unwrap());
        assert_eq!(Salt::read_or_make(&dir.path().join("one.salt")).unwrap(), one);
        let key = |words: &str, salt| RootKey::of_passphrase(words, salt).unwrap().bytes().to_vec();
        let first = key("four olive trees by the sea", &one);
        assert_eq!(key("four olive trees by the sea", &one), first);
        assert_ne!(key("four olive trees by the sea", &other), first);
        assert_ne!(key("five olive trees by the sea", &one), first);
        assert!(RootKey::of_passphrase("four olive tree", &one).is_err());
    }

    #[test]
    fn a_damaged_key_is_named_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.key");
        private_file(&path, b"not a key").unwrap();
        let said = RootKey::read(&path).unwrap_err();
        assert!(said.contains("root.key") && !said.contains("not a key"));
        assert!(private_file(&path, b"x").is_err());
    }
}

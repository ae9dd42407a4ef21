//! A workbook is measured before anybody opens it: it is a zip file, and a few kilobytes can hold gigabytes.
//!
//! Every part is unpacked once, into nothing, against bounds: what its directory declares is not believed. That
//! also checks every part's sum, so that a file that was cut off changes nothing.

use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;

const MIB: u64 = 1 << 20;
/// Parts of the file.
const MOST_PARTS: usize = 1_000;
/// All parts together: 1 048 576 rows of twenty cells are about 1 GiB.
const MOST_BYTES: u64 = 2_048 * MIB;
/// The texts of all cells, which are held in memory.
const MOST_STRINGS: u64 = 192 * MIB;
/// Any other part that is held in memory: styles, names of sheets.
const MOST_OTHER: u64 = 4 * MIB;
/// From one `<` to the next, which is held in memory too. A cell holds 32 767 characters.
const LONGEST_TEXT: usize = 256 * 1024;

/// What is wrong with the file.
///
/// # Errors
/// A sentence without a value of the file.
pub fn measure(file: File) -> Result<(), String> {
    let said = |error: zip::result::ZipError| error.to_string();
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(said)?;
    if zip.len() > MOST_PARTS {
        return Err(format!("it has more than {MOST_PARTS} parts"));
    }
    let mut left = MOST_BYTES;
    for part in 0..zip.len() {
        let part = zip.by_index(part).map_err(said)?;
        if part.encrypted() {
            return Err("it is encrypted".to_owned());
        }
        let name = part.name().map_err(said)?.to_ascii_lowercase();
        let kind = Kind::of(&name);
        left -= one(part, &kind, left.min(kind.most()))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Sheet,
    Strings,
    Other,
    /// Pictures and the like, which nobody reads.
    Unread,
}

impl Kind {
    fn of(name: &str) -> Self {
        if name.ends_with("sharedstrings.xml") {
            Self::Strings
        } else if name.contains("worksheets/") && name.ends_with(".xml") {
            Self::Sheet
        } else if name.contains("media/") || name.ends_with(".bin") {
            Self::Unread
        } else {
            Self::Other
        }
    }

    const fn most(&self) -> u64 {
        match self {
            Self::Sheet | Self::Unread => MOST_BYTES,
            Self::Strings => MOST_STRINGS,
            Self::Other => MOST_OTHER,
        }
    }
}

/// Unpacks one part; how large it is.
fn one(mut part: impl Read, kind: &Kind, most: u64) -> Result<u64, String> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut size, mut text) = (0_u64, 0);
    let mut counts = Counts::default();
    loop {
        let count = part.read(&mut buffer).map_err(|error| error.to_string())?;
        let read = buffer.get(..count).unwrap_or_default();
        if count == 0 {
            break;
        }
        size += u64::try_from(count).unwrap_or(u64::MAX);
        if size > most {
            return Err("unpacked it is too large".to_owned());
        }
        if *kind == Kind::Unread {
            continue;
        }
        // Words are looked for byte by byte, which another encoding would hide.
        if read.contains(&0) {
            return Err("it is not written in UTF-8".to_owned());
        }
        let mut pieces = read.split(|byte| *byte == b'<').map(<[u8]>::len);
        text += pieces.next().unwrap_or(0);
        for piece in pieces {
            if text > LONGEST_TEXT {
                break;
            }
            text = piece;
        }
        if text > LONGEST_TEXT {
            return Err("a text in it is too long".to_owned());
        }
        if *kind == Kind::Strings {
            counts.look(read);
        }
    }
    // Room is made for as many texts as the part declares; each takes some bytes of it.
    if counts.most > size {
        return Err("it declares more texts than it holds".to_owned());
    }
    Ok(size)
}

/// The largest number that follows `uniqueCount`, wherever a buffer ends.
#[derive(Default)]
struct Counts {
    most: u64,
    matched: usize,
    number: Option<u64>,
}

impl Counts {
    const NAME: &[u8] = b"uniqueCount";

    fn look(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(number) = self.number {
                match byte {
                    b'0'..=b'9' => {
                        let number = number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                        self.most = self.most.max(number);
                        self.number = Some(number);
                        continue;
                    }
                    b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'"' | b'\'' | b'+' if number == 0 => continue,
                    _ => self.number = None,
                }
            }
            if Self::NAME.get(self.matched) == Some(byte) {
                self.matched += 1;
                if self.matched == Self::NAME.len() {
                    (self.matched, self.number) = (0, Some(0));
                }
            } else {
                self.matched = usize::from(Self::NAME.first() == Some(byte));
            }
        }
    }
}

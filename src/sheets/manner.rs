//! How a file is taken, and what its columns are called.

use super::{SheetError, folded};

/// How a file is taken.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Only says what would be done.
    pub dry_run: bool,
    /// Goes on with a file that was begun and not ended.
    pub resume: bool,
    pub names: Mapping,
}

/// Columns of a file under other names than ours.
#[derive(Debug, Clone, Default)]
pub struct Mapping(Vec<Named>);

#[derive(Debug, Clone)]
pub(super) struct Named {
    /// As somebody wrote it.
    pub written: String,
    /// None for a column that is passed over.
    pub own: Option<String>,
}

impl Mapping {
    /// Reads `Their header=our_column`; with nothing after the sign the column is passed over.
    ///
    /// # Errors
    /// [`SheetError::Mapping`] without a sign, and for a header that is named twice.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, SheetError> {
        let mut all: Vec<Named> = Vec::with_capacity(texts.len());
        for text in texts {
            let text = text.as_ref();
            let bad = |why| SheetError::Mapping { text: text.to_owned(), why };
            let (written, own) = text.rsplit_once('=').ok_or_else(|| bad("a sign = is missing"))?;
            if all.iter().any(|named| folded(&named.written) == folded(written)) {
                return Err(bad("its header comes twice"));
            }
            let own = Some(folded(own)).filter(|own| !own.is_empty());
            all.push(Named { written: written.to_owned(), own });
        }
        Ok(Self(all))
    }

    /// What is said of a header, if anything.
    pub(super) fn of(&self, header: &str) -> Option<&Named> {
        let header = folded(header);
        self.0.iter().find(|named| folded(&named.written) == header)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Named> {
        self.0.iter()
    }
}

//! Addresses of electronic mail, in the plain form that people have.
//!
//! Quoted local parts, comments, address literals and domains outside ASCII are refused: nobody in the
//! register has one, and each is a way to smuggle a header.

use crate::problem::{Code, Problem, Result};

const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

/// An address of at most 254 characters, its domain in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);
super::sealed_debug!(Email);

impl Email {
    /// # Errors
    /// `email_invalid` for everything but `local@domain` in ASCII; line ends above all.
    pub fn parse(text: &str) -> Result<Self> {
        read(text.trim_matches(' ')).map(Self).ok_or_else(|| Problem::new(Code::EmailInvalid))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one mailbox share: the whole address in lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn read(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let (local, domain) = text.split_once('@')?;
    let domain = domain.to_ascii_lowercase();
    (is_local(local) && is_domain(&domain)).then(|| format!("{local}@{domain}"))
}

fn is_local(local: &str) -> bool {
    local.len() <= LONGEST_LOCAL
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
        })
}

fn is_domain(domain: &str) -> bool {
    let Some((_, top)) = domain.rsplit_once('.') else { return false };
    let top_is_name = top.len() >= 2 && !top.bytes().all(|byte| byte.is_ascii_digit());
    top_is_name
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= LONGEST_LABEL
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_read() {
        assert_eq!(Email::parse(" A.B+drive@Example.ORG ").unwrap().as_str(), "A.B+drive@example.org");
        assert_eq!(Email::parse("A@b.co").unwrap().key(), "a@b.co");
        assert!(Email::parse("a@xn--mgbai9azgqp6j.xn--ygbi2ammx").is_ok());
    }

    #[test]
    fn smuggled_and_broken_addresses_are_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}example.org", "label.".repeat(45));
        for text in [
            "",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.org",
            "a@b..org",
            ".a@b.org",
            "a.@b.org",
            "a@-b.org",
            "a@b-.org",
            "a@b.org\r\nBcc: c@d.org",
            "a\n@b.org",
            "a@b.org\n",
            "\"a b\"@c.org",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@b@c.org",
            "ا@b.org",
            "a@فلسطين.ps",
            "a,b@c.org",
            "<a@b.org>",
            "a@b.o",
            &long,
            &longer,
        ] {
            assert_eq!(Email::parse(text).unwrap_err().code, Code::EmailInvalid, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_parsed_address_parses_to_itself(text in "\\PC{0,20}|[a-zA-Z.+]{1,9}@[a-zA-Z.-]{1,12}") {
            if let Ok(email) = Email::parse(&text) {
                proptest::prop_assert_eq!(&Email::parse(email.as_str()).unwrap(), &email);
            }
        }
    }
}

//! What must hold of the parsers of the ground floor, which know nothing of the program.

use shiryan_kernel::din::{Din, check_value};
use shiryan_kernel::isbt::Scan;
use shiryan_kernel::text::{
    Email, NationalId, PersonName, Phone, PlainText, ServiceNumber, ShortCode, family_key, name_key,
    name_skeleton,
};

/// A number that was read is read again from each way in which it is written.
pub fn din(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = (Scan::parse(text), check_value(text));
    let Ok(din) = Din::parse(text) else { return };
    assert_eq!(din.as_str().len(), 13);
    for written in [din.as_str().to_owned(), din.barcode(), din.printed()] {
        assert_eq!(Din::parse(&written).unwrap(), din, "{written:?}");
    }
    let (year, sequence) = din.year_and_sequence();
    assert_eq!(Din::compose(din.fin(), year, sequence).unwrap(), din);
}

/// What was read as a name, a number or an address is read again as itself; a key of a key is that key.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in [PersonName::parse(text), PersonName::parse_latin(text)].into_iter().flatten() {
        assert!(!name.as_str().is_empty() && !name.as_str().chars().any(char::is_control));
        assert_eq!(PersonName::parse(name.as_str()).unwrap(), name);
    }
    let key = name_key(text);
    assert_eq!(name_key(&key), key);
    let _ = (family_key(text), name_skeleton(text));
    macro_rules! again {
        ($($parsed:ty),+) => {$(
            if let Ok(parsed) = <$parsed>::parse(text) {
                assert!(<$parsed>::parse(parsed.as_str()).unwrap() == parsed);
            }
        )+};
    }
    again!(Email, NationalId, ServiceNumber, ShortCode, PlainText<80>, PlainText<500, true>);
    if let Ok(email) = Email::parse(text) {
        assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        let _: lettre::Address = email.as_str().parse().expect("a letter can be addressed to it");
    }
}

/// A number is of the form that a network takes, whatever was typed.
pub fn phones(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(phone) = Phone::parse(text) else { return };
    let digits = phone.as_str().strip_prefix('+').expect("of the whole world");
    assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(Phone::parse(phone.as_str()).unwrap(), phone);
    assert!(!phone.key().is_empty());
}

//! Whether two records may be of one person. Never by a name alone: a phone number and a birth date must
//! be the same, and three parts of the name alike in spelling or in sound.

use shiryan_kernel::text::{PersonName, Phone, name_key, name_skeleton};

use crate::donors::FullName;
use crate::donors::person::Person;

/// Of four.
const LEAST_PARTS: usize = 3;

/// Whether somebody should look at the two side by side.
pub fn is_alike(one: &Person, other: &Person) -> bool {
    let phone = |person: &Person| person.phone.as_ref().map(Phone::key).map(str::to_owned);
    let same_phone = phone(one).is_some_and(|key| phone(other) == Some(key));
    let same_birth = one.birth_date.is_some() && one.birth_date == other.birth_date;
    same_phone && same_birth && parts_alike(one, other) >= LEAST_PARTS
}

fn parts_alike(one: &Person, other: &Person) -> usize {
    parts(one).iter().zip(parts(other)).filter(|(one, other)| part_is_alike(one, other)).count()
}

/// Own, father's, grandfather's, family, each in one script and another.
fn parts(person: &Person) -> [[Option<&PersonName>; 2]; 4] {
    let part = |of: fn(&FullName) -> &Option<PersonName>| {
        [of(&person.name).as_ref(), of(&person.latin_name).as_ref()]
    };
    [
        part(|name| &name.first),
        part(|name| &name.father),
        part(|name| &name.grandfather),
        part(|name| &name.family),
    ]
}

fn part_is_alike(one: &[Option<&PersonName>; 2], other: &[Option<&PersonName>; 2]) -> bool {
    one.iter().flatten().any(|one| other.iter().flatten().any(|other| is_spelled_or_sounds_alike(one, other)))
}

fn is_spelled_or_sounds_alike(one: &PersonName, other: &PersonName) -> bool {
    let skeleton = name_skeleton(one.as_str());
    name_key(one.as_str()) == name_key(other.as_str())
        || !skeleton.is_empty() && skeleton == name_skeleton(other.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, latin: &str, phone: &str, birth: &str) -> Person {
        let full = |text: &str| {
            let mut parts = text.split('|').map(|part| PersonName::parse(part).ok());
            let mut part = || parts.next().flatten();
            FullName { first: part(), father: part(), grandfather: part(), family: part() }
        };
        Person {
            name: full(name),
            latin_name: full(latin),
            phone: Phone::parse(phone).ok(),
            birth_date: birth.parse().ok(),
            ..Person::default()
        }
    }

    const NAME: &str = "محمد|أحمد|حسين|الخطيب";
    const PHONE: &str = "0599123456";
    const BIRTH: &str = "1990-01-05";

    #[test]
    fn a_transliterated_name_is_alike() {
        let known = person(NAME, "", PHONE, BIRTH);
        for (name, latin) in [
            (NAME, ""),
            ("محمد|احمد|حسين|خطيب", ""),
            ("محمد|أحمد||الخطيب", ""),
            ("Muhammad|Ahmad|Hussein|Al-Khatib", ""),
            ("Mohamed|Ahmed||Khateeb", ""),
            ("سامي|Ahmed|Husayn|Khatib", ""),
            ("||حسن|", "Mohammad|Ahmad|Hasan|Alkhatib"),
        ] {
            let entered = person(name, latin, "+972599123456", BIRTH);
            assert!(is_alike(&known, &entered) && is_alike(&entered, &known), "{name} {latin}");
        }
    }

    #[test]
    fn less_is_not_enough() {
        let known = person(NAME, "", PHONE, BIRTH);
        for (name, phone, birth) in [
            (NAME, "0599123457", BIRTH),
            (NAME, PHONE, "1990-01-06"),
            (NAME, "", BIRTH),
            (NAME, PHONE, ""),
            ("محمد|||الخطيب", PHONE, BIRTH),
            ("محمد|سامي|رائد|الخطيب", PHONE, BIRTH),
            ("", PHONE, BIRTH),
        ] {
            assert!(!is_alike(&known, &person(name, "", phone, birth)), "{name} {phone} {birth}");
        }
        let unknown = person("", "", "", "");
        assert!(!is_alike(&unknown, &unknown));
        // Nobody is like another by names of vowels alone.
        let vowels = person("آية|هيا|هوى|آوي", "", PHONE, BIRTH);
        assert!(!is_alike(&vowels, &person("Ya|Ay|Oy|Iy", "", PHONE, BIRTH)));
    }
}

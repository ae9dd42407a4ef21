//! The consonants of a name, so that one person's name in Arabic and in Latin letters can be laid side by
//! side: محمد and Muhammad are both `MMT`.
//!
//! Coarse on purpose: letters that different systems of transliteration confuse fall together, vowels and
//! every h are left out. Two names of one skeleton are worth a look and nothing more.

use super::name_key;

/// The skeleton of one part of a name; empty for a name of vowels alone, which then is like no other.
///
/// Articles and `bin` are set aside; `عبد ال…` and `Abdul`, `Abdel`, `Abd al` fall together.
#[must_use]
pub fn name_skeleton(part: &str) -> String {
    let key = name_key(part);
    let mut joined = String::new();
    for word in key.split(' ').filter(|word| !LEFT_OUT.contains(word)) {
        joined.push_str(if joined == "abd" { word } else { less_article(word) });
    }
    let letters = less_servants_article(&joined);
    let mut skeleton = String::new();
    let mut before = None;
    let mut letters = letters.chars().peekable();
    while let Some(letter) = letters.next() {
        let doubled = before == Some(letter);
        before = Some(letter);
        let digraph = letters.peek().and_then(|next| digraph(letter, *next));
        if let Some(class) = digraph {
            before = letters.next();
            skeleton.push(class);
        } else if let (false, Some(class)) = (doubled, class(letter)) {
            skeleton.push(class);
        }
    }
    skeleton
}

/// Words that tell nobody apart.
const LEFT_OUT: [&str; 12] = ["ال", "بن", "بنت", "al", "el", "ul", "ad", "ar", "as", "bin", "ibn", "ben"];

/// `الخطيب` as `خطيب`, `alkhatib` as `khatib`; short words keep what may be their own.
fn less_article(word: &str) -> &str {
    let rest = ["ال", "al", "el"].into_iter().find_map(|article| word.strip_prefix(article));
    let least = if word.starts_with("ال") { 2 } else { 3 };
    rest.filter(|rest| rest.chars().count() >= least).unwrap_or(word)
}

/// `عبدالله` as `عبدله`, `abdullah` and `abdallah` as `abdlah`.
fn less_servants_article(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("عبدال") {
        return format!("عبد{rest}");
    }
    let Some(rest) = name.strip_prefix("abd") else { return name.to_owned() };
    let rest = rest.trim_start_matches(['a', 'e', 'i', 'o', 'u']);
    format!("abd{}", rest.strip_prefix('l').filter(|rest| !rest.is_empty()).unwrap_or(rest))
}

/// Two Latin letters that stand for one Arabic letter.
const fn digraph(one: char, other: char) -> Option<char> {
    match (one, other) {
        ('s' | 'c', 'h') => Some('S'),
        ('t' | 'd', 'h') => Some('T'),
        ('k' | 'g', 'h') => Some('K'),
        ('p', 'h') => Some('F'),
        _ => None,
    }
}

/// The class of a consonant.
const fn class(letter: char) -> Option<char> {
    Some(match letter {
        'ب' | 'پ' | 'b' | 'p' => 'B',
        'ت' | 'ث' | 'ط' | 'د' | 'ذ' | 'ض' | 'ظ' | 'ز' | 'ژ' | 't' | 'd' | 'z' => 'T',
        'ج' | 'چ' | 'ق' | 'ك' | 'گ' | 'خ' | 'غ' | 'j' | 'g' | 'q' | 'k' | 'c' | 'x' => 'K',
        'س' | 'ص' | 'ش' | 's' => 'S',
        'ف' | 'ڤ' | 'f' | 'v' => 'F',
        'ر' | 'r' => 'R',
        'ل' | 'l' => 'L',
        'م' | 'm' => 'M',
        'ن' | 'n' => 'N',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_both_scripts_has_one_skeleton() {
        for (arabic, latin) in [
            ("محمد", &["Muhammad", "Mohamed", "Mohammad"][..]),
            ("أحمد", &["Ahmad", "Ahmed"]),
            ("عبد الله", &["Abdullah", "Abdallah", "Abd Allah"]),
            (
                "عبد الرحمن",
                &["Abdulrahman", "Abd al-Rahman", "Abdel Rahman", "Abdurrahman", "'Abd al-Raḥmān"],
            ),
            ("عبد العزيز", &["Abdelaziz", "Abdul Aziz"]),
            ("أبو علي", &["Abu Ali", "Abo Ali"]),
            ("نور الدين", &["Nour al-Din", "Nureddin"]),
            ("الخطيب", &["Al-Khatib", "Alkhatib", "Khateeb", "el Khatib"]),
            ("الشوّا", &["al-Shawwa", "Shawa"]),
            ("صالح", &["Saleh", "Salih"]),
            ("إسحاق", &["Ishaq", "Is'haq"]),
            ("أشرف", &["Ashraf", "Achraf"]),
            ("قاسم", &["Qasem", "Kassem", "Qassim"]),
            ("جمال", &["Jamal", "Gamal"]),
            ("زينب", &["Zaynab", "Zeinab"]),
            ("معاذ", &["Muath", "Moaz", "Mouadh"]),
            ("ظافر", &["Dhafer", "Zafer"]),
            ("فاطمة", &["Fatima", "Fatimah", "Fatma"]),
            ("يوسف", &["Yousef", "Yusuf"]),
            ("غسان", &["Ghassan"]),
            ("إلياس", &["Elias"]),
            ("آل ياسين", &["Al Yasin", "Yaseen"]),
            ("ابن سينا", &["Ibn Sina", "bin Sina"]),
        ] {
            for latin in latin {
                assert_eq!(name_skeleton(arabic), name_skeleton(latin), "{arabic} {latin}");
            }
            assert!(!name_skeleton(arabic).is_empty());
        }
    }

    #[test]
    fn names_that_sound_otherwise_differ() {
        let names =
            ["محمد", "محمود زيد", "سامي", "خالد", "فراس", "النجار", "الخطيب", "Layla", "Basem", "Tareq"];
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert_ne!(name_skeleton(one), name_skeleton(other), "{one} {other}");
            }
        }
        for vowels in ["آية", "Aya", "هو", ""] {
            assert_eq!(name_skeleton(vowels), "", "{vowels}");
        }
    }
}

//! The words of each template.

use shiryan_kernel::message::Template;
use shiryan_kernel::status::LinkVerb;
use shiryan_kernel::time::{Moment, Zone};

use crate::texts::{Lang, Value, day, isolated, say, word};

/// Subject and paragraphs of a letter. `at` is the time of the donor's own slot, or when they came.
pub fn words(template: Template, language: Lang, zone: Zone, at: Moment) -> (String, Vec<String>) {
    let name = name(template);
    let body = say(language, name, &when(language, zone, at, isolated));
    let mut paragraphs: Vec<String> = body.split("\n\n").map(ToOwned::to_owned).collect();
    paragraphs.push(say(language, "message-automatic", &[]));
    (say(language, &format!("{name}-subject"), &[]), paragraphs)
}

/// What a link of a letter does.
pub fn label(verb: LinkVerb, language: Lang) -> String {
    word(language, "message-link", verb.code())
}

/// The link by which a user comes to the service.
pub fn sign_in(language: Lang) -> String {
    say(language, "message-link-sign-in", &[])
}

/// The same for a telephone. Nothing in it is isolated: old ones show a box for each mark.
pub fn short(template: Template, language: Lang, zone: Zone, at: Moment) -> String {
    say(language, &format!("{}-short", name(template)), &when(language, zone, at, ToOwned::to_owned))
}

const fn name(template: Template) -> &'static str {
    match template {
        Template::AppointmentOff => "message-appointment-off",
        Template::AppointmentCancelled => "message-appointment-cancelled",
        Template::AppointmentProposed => "message-appointment-proposed",
        Template::AppointmentConfirmed => "message-appointment-confirmed",
        Template::AppointmentChanged => "message-appointment-changed",
        Template::ReminderDays | Template::ReminderHours => "message-reminder",
        Template::ThankYou => "message-thank-you",
        Template::GiftUsed => "message-gift-used",
        Template::EligibleAgain => "message-eligible-again",
        Template::Invitation => "message-invitation",
        Template::LevelChanged => "message-level-changed",
        Template::RequestMoved => "message-request-moved",
        Template::AccountChanged => "message-account-changed",
    }
}

fn when(
    language: Lang,
    zone: Zone,
    at: Moment,
    put: fn(&str) -> String,
) -> [(&'static str, Value<'static>); 2] {
    let local = at.with_timezone(&zone.0);
    [
        ("day", Value::from(put(&day(language, local.date_naive())))),
        ("time", Value::from(put(&local.format("%H:%M").to_string()))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A16, B5: what nobody may read over a shoulder.
    const NEVER: [&str; 22] = [
        "blood",
        "donat",
        "donor",
        "medic",
        "doctor",
        "health",
        "clinic",
        "hospital",
        "unit",
        "battalion",
        "test",
        "result",
        "دم",
        "تبرع",
        "متبرع",
        "طب",
        "صح",
        "عياد",
        "مستشف",
        "وحدة",
        "كتيبة",
        "فحص",
    ];

    #[test]
    fn no_letter_says_what_it_is_about() {
        let at = "2026-12-01T07:00:00Z".parse().unwrap();
        for template in Template::ALL.iter().copied() {
            for language in Lang::ALL.iter().copied() {
                let (subject, paragraphs) = words(template, language, Zone::default(), at);
                let short = short(template, language, Zone::default(), at);
                let text = format!("{subject}\n{}\n{short}", paragraphs.join("\n")).to_lowercase();
                assert!(short.chars().count() <= 160 && !short.contains('\u{2068}'), "{short}");
                for word in NEVER {
                    assert!(!text.contains(word), "{template:?} {language:?}: {word}\n{text}");
                }
                assert!(!text.contains("message-"), "{text}");
                assert!(!text.contains("{$") && !text.contains("{ $"), "{text}");
                assert!(paragraphs.len() >= 2 && !subject.contains('\n'));
                assert_eq!(subject.is_ascii(), language == Lang::En);
            }
        }
    }

    #[test]
    fn no_link_says_what_it_is_about() {
        for verb in LinkVerb::ALL.iter().copied() {
            for language in Lang::ALL.iter().copied() {
                let label = label(verb, language).to_lowercase();
                assert!(!label.contains("message-"), "{label}");
                for word in NEVER {
                    assert!(!label.contains(word), "{verb} {language:?}: {word}\n{label}");
                }
            }
        }
    }

    #[test]
    fn what_is_put_in_keeps_its_direction() {
        let at = "2026-12-01T07:00:00Z".parse().unwrap();
        let (_, paragraphs) = words(Template::AppointmentOff, Lang::Ar, Zone::default(), at);
        assert!(paragraphs[1].contains("\u{2068}الثلاثاء 1 كانون الأول 2026\u{2069}"), "{paragraphs:?}");
        assert!(paragraphs[1].contains("\u{2068}09:00\u{2069}"), "{paragraphs:?}");
    }
}

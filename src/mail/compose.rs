//! A letter as a message: the same words as plain text and as HTML, in the reader's direction.

use askama::Template;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use shiryan_kernel::time::Moment;

use super::Letter;
use crate::texts::say;

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    language: &'static str,
    direction: &'static str,
    subject: &'a str,
    paragraphs: &'a [String],
    links: &'a [(String, String)],
}

/// The message; none when an address is one that the mail library does not take.
pub fn compose(letter: &Letter, from: &Mailbox, now: Moment) -> Option<Message> {
    let page = Page {
        language: letter.language.tag(),
        direction: letter.language.direction(),
        subject: &letter.subject,
        paragraphs: &letter.paragraphs,
        links: &letter.links,
    };
    let html = page.render().ok()?;
    let raw = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    let mut plain = letter.paragraphs.join("\n\n") + "\n";
    for (label, address) in &letter.links {
        plain.push_str(&format!("\n{label}:\n{address}\n"));
    }
    let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain);
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html);
    let words = MultiPart::alternative().singlepart(text).singlepart(html);
    let whole = match &letter.entry {
        None => words,
        Some(entry) => {
            let kind = format!("text/calendar; charset=utf-8; method={}", entry.method());
            let file = entry.write(&say(letter.language, "message-entry", &[]), from, now);
            let file = Attachment::new("appointment.ics".into()).body(file, ContentType::parse(&kind).ok()?);
            MultiPart::mixed().multipart(words).singlepart(file)
        }
    };
    let mut head = Message::builder();
    if let Some(stop) = &letter.stop {
        head = head.raw_header(raw("List-Unsubscribe", &format!("<{stop}>")));
        // RFC 8058: in one click, and over TLS alone.
        if stop.starts_with("https://") {
            head = head.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
    }
    head.from(from.clone())
        .to(Mailbox::new(None, letter.to.as_str().parse().ok()?))
        .subject(letter.subject.clone())
        .date(now.into())
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        // RFC 3834: no machine answers it.
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("Content-Language", letter.language.tag()))
        .multipart(whole)
        .ok()
}

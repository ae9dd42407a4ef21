//! Reads the paths that a source file names, as far as the arrows need it: comments and literals are
//! left out, `use` trees are spread, `super` and `self` are resolved from the file's own place.

/// A path, segment by segment. The first is `crate` for the package's own, else what the text says.
pub type Path = Vec<String>;

/// One word or mark of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Joint,
    Mark(char),
}

/// Every path of two segments or more, and every word, that stands in `text`.
#[derive(Debug, Default)]
pub struct Named {
    pub paths: Vec<Path>,
    pub words: Vec<String>,
}

/// Reads a file whose module is `module` (`["db", "once"]` for `src/db/once.rs`).
pub fn read(module: &[&str], text: &str) -> Named {
    let tokens = tokens(text);
    let mut named = Named::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1);
        at = match token {
            Token::Word(_) if next == Some(&Token::Joint) => {
                spread(&tokens, at, &mut Vec::new(), &mut named.paths)
            }
            Token::Word(word) if word == "use" && next == Some(&Token::Mark('{')) => {
                spread(&tokens, at + 1, &mut Vec::new(), &mut named.paths)
            }
            _ => at + 1,
        };
    }
    named.words = tokens
        .into_iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    for path in &mut named.paths {
        *path = resolve(module, path);
    }
    named
}

/// Follows one path or group from `at`, adding each full path; answers where it ended.
fn spread(tokens: &[Token], at: usize, before: &mut Path, found: &mut Vec<Path>) -> usize {
    match tokens.get(at) {
        Some(Token::Word(word)) => {
            before.push(word.clone());
            let end = if tokens.get(at + 1) == Some(&Token::Joint) {
                spread(tokens, at + 2, before, found)
            } else {
                found.push(before.clone());
                at + 1
            };
            before.pop();
            end
        }
        Some(Token::Mark('{')) => {
            let mut at = at + 1;
            while let Some(token) = tokens.get(at) {
                match token {
                    Token::Mark('}') => return at + 1,
                    Token::Word(word) if word != "as" => at = spread(tokens, at, before, found),
                    Token::Mark('{') => at = spread(tokens, at, before, found),
                    // The other name given by `as` is no path.
                    Token::Word(_) => at += 2,
                    _ => at += 1,
                }
            }
            at
        }
        // `*`, or the `<` of a turbofish.
        _ => {
            found.push(before.clone());
            at + 1
        }
    }
}

/// Turns `super` and `self` into the path from the crate's root. More `super`s than the file is deep come
/// from a module inside the file; they stay at the root, where only a room's name matters.
fn resolve(module: &[&str], path: &Path) -> Path {
    let mut place: Vec<String> = module.iter().map(ToString::to_string).collect();
    let mut rest = &path[..];
    let mut relative = false;
    while let [first, others @ ..] = rest {
        match first.as_str() {
            "super" => drop(place.pop()),
            "self" if !relative => {}
            _ => break,
        }
        relative = true;
        rest = others;
    }
    if !relative {
        return path.clone();
    }
    std::iter::once("crate".to_owned()).chain(place).chain(rest.iter().cloned()).collect()
}

fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        if c == '/' && next == Some('/') {
            at += chars[at..].iter().take_while(|c| **c != '\n').count();
        } else if c == '/' && next == Some('*') {
            at = after_comment(&chars, at);
        } else if c == '"' {
            at = after_string(&chars, at);
        } else if let Some(end) = after_raw_string(&chars, at) {
            at = end;
        } else if c == '\'' {
            at = after_quote(&chars, at);
        } else if c.is_alphanumeric() || c == '_' {
            let word: String = chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            at += word.chars().count();
            tokens.push(Token::Word(word));
        } else if c == ':' && next == Some(':') {
            tokens.push(Token::Joint);
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Mark(c));
            }
            at += 1;
        }
    }
    tokens
}

fn after_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn after_string(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// `r"…"`, `r#"…"#`, `br"…"`.
fn after_raw_string(chars: &[char], at: usize) -> Option<usize> {
    let inside_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let marked = match (chars[at], chars.get(at + 1)) {
        ('r', _) => at + 1,
        ('b', Some('r')) => at + 2,
        _ => return None,
    };
    let hashes = chars[marked..].iter().take_while(|c| **c == '#').count();
    if inside_word || chars.get(marked + hashes) != Some(&'"') {
        return None;
    }
    let mut end = marked + hashes + 1;
    while end < chars.len() {
        let closing =
            chars[end] == '"' && chars[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
        if closing {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(end)
}

/// A character's literal, or the mark of a lifetime or label.
fn after_quote(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => at + 3 + chars[at + 3..].iter().take_while(|c| **c != '\'').count() + 1,
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(module: &[&str], text: &str) -> Vec<String> {
        read(module, text).paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn trees_are_spread() {
        let text =
            "use crate::{db::{self, Tx as T, pool::*}, texts};\nuse {diesel::prelude::*, serde::Serialize};";
        assert_eq!(
            paths(&["drives"], text),
            [
                "crate::db::self",
                "crate::db::Tx",
                "crate::db::pool",
                "crate::texts",
                "diesel::prelude",
                "serde::Serialize",
            ]
        );
    }

    #[test]
    fn relative_paths_are_resolved() {
        assert_eq!(paths(&["db", "once"], "use super::Tx;"), ["crate::db::Tx"]);
        assert_eq!(paths(&["db", "once"], "fn f() { super::super::texts::x() }"), ["crate::texts::x"]);
        assert_eq!(paths(&["db"], "pub use self::pool::Size;"), ["crate::db::pool::Size"]);
    }

    #[test]
    fn comments_and_literals_are_not_read() {
        let text = r###"
            // crate::web::a
            /* crate::web::b /* crate::web::c */ crate::web::d */
            const A: &str = "crate::web::e \" crate::web::f";
            const B: &str = r#"crate::web::g " crate::web::h"#;
            fn f<'a>(x: &'a str) -> char { if x == '"'.to_string() { '\'' } else { crate::db::real() } }
        "###;
        assert_eq!(paths(&["x"], text), ["crate::db::real"]);
    }
}

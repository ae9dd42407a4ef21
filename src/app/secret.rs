//! A secret that somebody types: without echo on a terminal, else one line of standard input.

use std::io::{BufRead, IsTerminal};

/// Asks for a secret.
///
/// # Errors
/// Why it could not be read.
pub fn ask(prompt: &str) -> Result<String, String> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).map_err(|error| error.to_string());
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

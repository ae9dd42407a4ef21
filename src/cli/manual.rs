//! `shiryan completions SHELL` and `shiryan man`: what a shell and a reader need, made of the command line itself.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct Completions {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

impl Completions {
    pub fn run(&self, mut command: Command) -> Result<(), String> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "shiryan", &mut script);
        std::io::stdout().write_all(&script).map_err(|error| error.to_string())
    }
}

#[derive(Debug, Args)]
pub struct Man {
    /// Writes one page for each command into this directory; without it the first page goes to standard output
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

impl Man {
    pub fn run(&self, command: Command) -> Result<(), String> {
        match &self.directory {
            Some(directory) => std::fs::create_dir_all(directory)
                .and_then(|()| clap_mangen::generate_to(command, directory))
                .map_err(|error| format!("{}: {error}", directory.display())),
            None => clap_mangen::Man::new(command)
                .render(&mut std::io::stdout())
                .map_err(|error| error.to_string()),
        }
    }
}

//! What the examples read from the command line and print, word by word.

use std::error::Error;
use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

/// Runs an example; what stops it goes to standard error, in words.
pub(crate) fn start(run: impl FnOnce() -> Result<(), Box<dyn Error>>) -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints. A reader who closes the pipe has seen enough: no fault of the work still to do.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The value of an option that takes a number.
pub(crate) fn number<T: FromStr>(option: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{option} {value}: not a number that it can take"))
}

/// Where a picture goes unless somebody says where: into `target`, if there is one.
pub(crate) fn picture(name: &str) -> PathBuf {
    let folder = PathBuf::from("target");
    if folder.is_dir() { folder.join(name) } else { name.into() }
}

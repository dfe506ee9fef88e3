//! Where data lies: the small files that belong to this crate, and the real data beside it.

use std::io::Write as _;
use std::path::PathBuf;

/// The path of one of the committed files: `fleet.csv`, `service.csv` or `calls.csv`.
///
/// It is the folder that this crate was built in, joined with the name.
#[must_use]
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The folder of real data that the environment variable `FOREWARN_DATA` names; `None` if it is
/// not set or empty.
#[must_use]
pub fn forewarn_data() -> Option<PathBuf> {
    std::env::var_os("FOREWARN_DATA").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The path of a file under `FOREWARN_DATA`. If the variable is not set, or the file is not
/// there, says on standard error that the caller was skipped, and why.
///
/// Use [`data_or_skip!`](crate::data_or_skip) in tests.
#[must_use]
pub fn data_file(file: &str, caller: &str) -> Option<PathBuf> {
    let Some(folder) = forewarn_data() else {
        announce(&format!("SKIPPED {caller}: FOREWARN_DATA is not set, it needs {file}"));
        return None;
    };
    let path = folder.join(file);
    if !path.exists() {
        announce(&format!("SKIPPED {caller}: there is no {}", path.display()));
        return None;
    }
    Some(path)
}

/// Writes a line to standard error itself: what `eprintln!` writes is hidden by the test runner
/// when the test passes.
fn announce(line: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The path of a file under `FOREWARN_DATA`, or a return from the test with a message that it
/// was skipped.
///
/// ```
/// use forewarn_datasets::{Table, data_or_skip};
///
/// fn reads_shuttle() {
///     let table = Table::read(data_or_skip!("adbench/shuttle.csv.gz")).unwrap();
///     assert_eq!(table.n_rows(), 49_097);
/// }
/// # reads_shuttle();
/// ```
#[macro_export]
macro_rules! data_or_skip {
    ($file:expr) => {
        match $crate::data_file($file, concat!(module_path!(), " (", file!(), ":", line!(), ")")) {
            Some(path) => path,
            None => return,
        }
    };
}

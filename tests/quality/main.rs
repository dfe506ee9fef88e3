//! How good the results are, on data whose truth is known: floors that must not be undercut.

mod attribution;
mod server_machines;
mod verdicts;

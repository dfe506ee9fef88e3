//! Models of others, and our own files.
//!
//! Trees of others are numbered anew from the root down, each node at most once ([`rebuild`]), so
//! no file can describe a cycle or a walk out of bounds; nothing here recurses on the depth of a
//! tree, and nothing is allocated for a count before what is counted has been seen.

mod json;
mod lightgbm_read;
mod lightgbm_write;
mod rebuild;
#[cfg(feature = "serde")]
mod saved;
mod ubj;
mod value;
mod xgboost;
mod xgboost_tree;

use crate::error::{Error, Result, invalid};

/// Most outputs of a model that is read: a file can announce any number without showing them.
const MOST_OUTPUTS: usize = 65_536;

/// Whether a model of so many outputs is read, and how many there are.
fn outputs(announced: u32) -> Result<usize> {
    match announced as usize {
        0 => Ok(1),
        outputs if outputs <= MOST_OUTPUTS => Ok(outputs),
        outputs => Err(invalid(format_args!("{outputs} outputs: up to {MOST_OUTPUTS} are read"))),
    }
}

/// Says of an error which tree it was found in.
fn in_tree(error: Error, tree: usize) -> Error {
    match error {
        Error::InvalidModel { reason } => invalid(format_args!("tree {tree}: {reason}")),
        other => other,
    }
}

/// The beginning of a text from a file, which may be long, for a message.
fn start_of(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| &text[..end])
}

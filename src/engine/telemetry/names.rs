//! Names and their numbers.

use crate::error::{Error, Result};
use std::collections::HashMap;

/// Distinct names in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct Names {
    list: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    /// All of these; `what` they are is told where one is empty or comes twice.
    pub(in crate::engine) fn distinct<S: Into<String>>(
        what: &str,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut all = Self::default();
        for name in names {
            let name = name.into();
            let before = all.len();
            if all.number(what, &name)? < before {
                let reason = format!("{what} {name:?} is named twice: names must be distinct");
                return Err(Error::Incompatible { reason });
            }
        }
        Ok(all)
    }

    /// The number of a name, which is a new one if it never came.
    pub(super) fn number(&mut self, what: &str, name: &str) -> Result<usize> {
        if let Some(&number) = self.numbers.get(name) {
            return Ok(number);
        }
        check_named(what, name)?;
        self.numbers.insert(name.to_owned(), self.len());
        self.list.push(name.to_owned());
        Ok(self.list.len() - 1)
    }

    pub(in crate::engine) fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(in crate::engine) fn list(&self) -> &[String] {
        &self.list
    }

    pub(in crate::engine) fn len(&self) -> usize {
        self.list.len()
    }
}

/// Whether `what` has a name.
pub(super) fn check_named(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        let reason = format!("a name is empty: every {what} needs one");
        return Err(Error::Incompatible { reason });
    }
    Ok(())
}

//! Which column of a table says when.

use forewarn_datasets::{Kind, Table};

/// The first column of times, or one named so that holds Unix seconds.
pub(crate) fn time_column(table: &Table) -> Result<Option<String>, forewarn_datasets::Error> {
    for name in table.names() {
        let named_so = matches!(name.to_lowercase().as_str(), "timestamp" | "time" | "datetime");
        match table.kind(name)? {
            Kind::Timestamp => return Ok(Some(name.to_owned())),
            Kind::Number if named_so => return Ok(Some(name.to_owned())),
            _ => {}
        }
    }
    Ok(None)
}

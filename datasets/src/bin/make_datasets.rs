//! Writes the committed CSV files again: `cargo run -p forewarn-datasets --bin make_datasets`,
//! with a folder as argument to write them there instead.

use forewarn_datasets::{committed, path};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    for (name, content) in committed::files()? {
        let target = folder.as_ref().map_or_else(|| path(name), |folder| folder.join(name));
        std::fs::write(&target, &content)
            .map_err(|error| format!("cannot write {}: {error}", target.display()))?;
        println!("{}: {} bytes", target.display(), content.len());
    }
    Ok(())
}

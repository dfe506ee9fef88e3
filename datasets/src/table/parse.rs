//! From bytes to fields: decompression, the header, equal widths, UTF-8.

use super::cell::{Number, number};
use crate::error::{Error, Result};
use csv::{ByteRecord, ReaderBuilder, Trim};
use flate2::bufread::MultiGzDecoder;
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The text of a file that may be gzipped.
pub(super) fn unpack<'a>(file: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    let named_gzip =
        Path::new(file).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    if !bytes.starts_with(&GZIP_MAGIC) && !named_gzip {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut text).map_err(|error| Error::File {
        path: file.into(),
        reason: format!("not a whole gzip file: {error}"),
    })?;
    Ok(Cow::Owned(text))
}

/// All fields of a file as text, row by row in one buffer.
pub(super) struct Grid {
    pub(super) header: Vec<String>,
    /// The line of each row in the file.
    pub(super) lines: Vec<u64>,
    text: String,
    /// Where each field ends in `text`; a field begins where the one before ends.
    ends: Vec<usize>,
}

impl Grid {
    /// Splits a file into fields and checks its shape.
    pub(super) fn split(file: &str, bytes: &[u8]) -> Result<Self> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(bytes);
        let mut lines = LineCounter { bytes, at: 0, line: 1 };
        let mut record = ByteRecord::new();
        let mut next = |record: &mut ByteRecord| -> Result<Option<u64>> {
            let more = reader
                .read_byte_record(record)
                .map_err(|error| Error::File { path: file.into(), reason: error.to_string() })?;
            let start = record.position().map_or(0, csv::Position::byte) as usize;
            Ok(more.then(|| lines.line_of_record(start)))
        };
        let Some(header_line) = next(&mut record)? else {
            return Err(not_a_table(file, "the file is empty: a header is needed"));
        };
        let header = read_header(file, header_line, &record)?;
        let mut grid = Self { header, lines: Vec::new(), text: String::new(), ends: Vec::new() };
        while let Some(line) = next(&mut record)? {
            if record.len() != grid.header.len() {
                let (found, expected) = (record.len(), grid.header.len());
                return Err(Error::FieldCount { file: file.to_owned(), line, found, expected });
            }
            for (name, field) in grid.header.iter().zip(&record) {
                grid.text.push_str(utf8(file, line, name, field)?);
                grid.ends.push(grid.text.len());
            }
            grid.lines.push(line);
        }
        if grid.lines.is_empty() {
            return Err(not_a_table(file, "there are no rows below the header"));
        }
        Ok(grid)
    }

    /// The fields of one column from the first row to the last.
    pub(super) fn column(&self, at: usize) -> impl Iterator<Item = &str> {
        (at..self.ends.len()).step_by(self.header.len()).map(|index| {
            let start = if index == 0 { 0 } else { self.ends[index - 1] };
            &self.text[start..self.ends[index]]
        })
    }
}

/// The line on which a record begins. The reader's own count stands before the blank lines that
/// it skips, and does not count the second half of a CR LF until the next record.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn line_of_record(&mut self, start: usize) -> u64 {
        let blank =
            self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = start + blank;
        self.line += self.bytes[self.at..start].split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.at = start;
        self.line
    }
}

fn read_header(file: &str, line: u64, record: &ByteRecord) -> Result<Vec<String>> {
    let header: Vec<String> = record
        .iter()
        .enumerate()
        .map(|(at, field)| {
            utf8(file, line, &format!("number {}", at + 1), field).map(str::to_owned)
        })
        .collect::<Result<_>>()?;
    let mut seen = HashSet::new();
    if let Some(name) = header.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(not_a_table(file, &format!("two columns are named {name:?}")));
    }
    let numbers: Option<Vec<f64>> = header
        .iter()
        .map(|name| if let Number::Finite(value) = number(name) { Some(value) } else { None })
        .collect();
    // Columns numbered from 0 or 1 are a header that some programs write; other numbers are data.
    let is_count = |n: &Vec<f64>| {
        (n[0] == 0.0 || n[0] == 1.0) && n.windows(2).all(|pair| pair[1] == pair[0] + 1.0)
    };
    if numbers.is_some_and(|numbers| !is_count(&numbers)) {
        return Err(not_a_table(file, "the first line holds numbers: a header is needed"));
    }
    Ok(header)
}

fn utf8<'a>(file: &str, line: u64, column: &str, field: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(field).map_err(|_| Error::Value {
        file: file.to_owned(),
        line,
        column: column.to_owned(),
        value: String::from_utf8_lossy(field).into_owned(),
        reason: "is not valid UTF-8".to_owned(),
    })
}

fn not_a_table(file: &str, reason: &str) -> Error {
    Error::NotATable { file: file.to_owned(), reason: reason.to_owned() }
}

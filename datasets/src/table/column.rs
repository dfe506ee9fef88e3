//! One column: telling its kind, and turning its fields into numbers.

use super::Kind;
use super::cell::{Number, is_missing, number, timestamp};
use super::parse::Grid;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Values of one kind, NaN where missing.
#[derive(Debug, Clone)]
pub(super) enum Values {
    Numbers(Vec<f64>),
    Timestamps(Vec<f64>),
    Categories { codes: Vec<f64>, dictionary: Vec<String> },
}

impl Values {
    pub(super) fn as_floats(&self) -> &[f64] {
        match self {
            Self::Numbers(values) | Self::Timestamps(values) => values,
            Self::Categories { codes, .. } => codes,
        }
    }
}

/// A named column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: Values,
}

impl Column {
    /// Reads column number `at`, of the declared kind or of the kind that it looks like.
    pub(super) fn read(file: &str, grid: &Grid, at: usize, declared: Option<Kind>) -> Result<Self> {
        let fields = grid.column(at).map(|text| (text, number(text))).collect();
        let source = Source { file, grid, at, fields };
        let values = match declared.map_or_else(|| source.infer(), Ok)? {
            Kind::Number => Values::Numbers(source.numbers()?),
            Kind::Timestamp => Values::Timestamps(source.timestamps()?),
            Kind::Category => source.categories(),
        };
        Ok(Self { name: grid.header[at].clone(), values })
    }

    pub(super) fn kind(&self) -> Kind {
        match self.values {
            Values::Numbers(_) => Kind::Number,
            Values::Timestamps(_) => Kind::Timestamp,
            Values::Categories { .. } => Kind::Category,
        }
    }

    /// A value as text for an error, empty where it is missing.
    pub(super) fn text(&self, row: usize) -> String {
        let value = self.values.as_floats()[row];
        match &self.values {
            _ if value.is_nan() => String::new(),
            Values::Categories { dictionary, .. } => dictionary[value as usize].clone(),
            _ => value.to_string(),
        }
    }
}

/// The fields of one column, each read as a number, and where they come from.
struct Source<'a> {
    file: &'a str,
    grid: &'a Grid,
    at: usize,
    fields: Vec<(&'a str, Number)>,
}

impl Source<'_> {
    /// The rule that [`Kind`] documents.
    fn infer(&self) -> Result<Kind> {
        let present = || self.fields.iter().enumerate().filter(|(_, (_, n))| *n != Number::Missing);
        let is_number = |n: Number| n != Number::Other;
        let is_time = |text: &str| timestamp(text).is_some();
        let total = present().count();
        let numbers = present().filter(|(_, (_, n))| is_number(*n)).count();
        if numbers == total {
            return Ok(Kind::Number);
        }
        let times = present().filter(|(_, (text, _))| is_time(text)).count();
        if times == total {
            return Ok(Kind::Timestamp);
        }
        let (count, what, odd) = if numbers >= times {
            (numbers, "numbers", present().find(|(_, (_, n))| !is_number(*n)))
        } else {
            (times, "times", present().find(|(_, (text, _))| !is_time(text)))
        };
        match odd {
            Some((row, _)) if 10 * count > 9 * total => {
                let reason = format!(
                    "is one of {} that differ among {count} {what}: correct it, or declare the \
                     column's kind",
                    total - count
                );
                Err(self.bad_value(row, &reason))
            }
            _ => Ok(Kind::Category),
        }
    }

    fn numbers(&self) -> Result<Vec<f64>> {
        let infinite = "is not finite: a number must be finite or missing";
        let read = |(row, (_, number)): (usize, &(&str, Number))| match number {
            Number::Missing => Ok(f64::NAN),
            Number::Finite(value) => Ok(*value),
            Number::Infinite => Err(self.bad_value(row, infinite)),
            Number::Other => Err(self.bad_value(row, "is not a number")),
        };
        self.fields.iter().enumerate().map(read).collect()
    }

    fn timestamps(&self) -> Result<Vec<f64>> {
        let reason = "is no time: YYYY-MM-DD[ HH:MM:SS[zone]] or Unix seconds";
        let read = |(row, (text, number)): (usize, &(&str, Number))| match number {
            Number::Missing => Ok(f64::NAN),
            Number::Finite(value) => Ok(*value),
            _ => timestamp(text).ok_or_else(|| self.bad_value(row, reason)),
        };
        self.fields.iter().enumerate().map(read).collect()
    }

    fn categories(&self) -> Values {
        let mut code_of: BTreeMap<&str, usize> = BTreeMap::new();
        for (text, _) in self.fields.iter().filter(|(text, _)| !is_missing(text)) {
            code_of.entry(text).or_default();
        }
        code_of.values_mut().enumerate().for_each(|(rank, code)| *code = rank);
        let code = |(text, _): &(&str, Number)| code_of.get(text).map_or(f64::NAN, |&c| c as f64);
        Values::Categories {
            codes: self.fields.iter().map(code).collect(),
            dictionary: code_of.keys().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn bad_value(&self, row: usize, reason: &str) -> Error {
        Error::Value {
            file: self.file.to_owned(),
            line: self.grid.lines[row],
            column: self.grid.header[self.at].clone(),
            value: self.fields[row].0.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

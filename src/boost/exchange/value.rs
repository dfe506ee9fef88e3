//! A tree of values: what JSON and Universal Binary JSON both describe.

use crate::error::{Result, invalid};

/// Deepest nesting of lists and objects that is read; models have about 7.
pub(super) const DEEPEST: usize = 32;

/// Memory is at most some 40 bytes for each of the file: an entry of a list takes 24 or 32, and twice
/// that while the list grows, for at least two in the file; lists of numbers are packed.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Null,
    /// `true` is 1, `false` is 0.
    Number(f64),
    Text(String),
    /// A list of numbers, or an empty list of anything.
    Numbers(Vec<f64>),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The entry of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => {
                entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The entry of this name, which must be there.
    pub(super) fn need(&self, name: &str) -> Result<&Self> {
        self.get(name).ok_or_else(|| invalid(format_args!("`{name}` is missing")))
    }

    /// The text of this name.
    pub(super) fn text(&self, name: &str) -> Result<&str> {
        match self.need(name)? {
            Self::Text(text) => Ok(text),
            _ => Err(invalid(format_args!("`{name}` is not text"))),
        }
    }

    /// The list of numbers of this name.
    pub(super) fn numbers(&self, name: &str) -> Result<&[f64]> {
        match self.need(name)? {
            Self::Numbers(numbers) => Ok(numbers),
            _ => Err(invalid(format_args!("`{name}` is not a list of numbers"))),
        }
    }

    /// The list of this name of things that are not numbers.
    pub(super) fn list(&self, name: &str) -> Result<&[Self]> {
        match self.need(name)? {
            Self::List(list) => Ok(list),
            Self::Numbers(numbers) if numbers.is_empty() => Ok(&[]),
            _ => Err(invalid(format_args!("`{name}` is not a list of the right kind"))),
        }
    }

    /// The whole number of this name, which may be written as text; 0 if it is not there.
    pub(super) fn whole(&self, name: &str) -> Result<u32> {
        let number = match self.get(name) {
            None => return Ok(0),
            Some(Self::Number(number)) => *number,
            Some(Self::Text(text)) => text.parse().unwrap_or(f64::NAN),
            Some(_) => f64::NAN,
        };
        whole(number)
            .ok_or_else(|| invalid(format_args!("`{name}` is not a whole number of 32 bits")))
    }
}

/// The number as one from 0 to `u32::MAX`, if it is whole.
pub(super) fn whole(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number))
        .then_some(number as u32)
}

/// A list that grows: packed as long as there are but numbers.
pub(super) struct Growing(Value);

impl Growing {
    pub(super) fn new() -> Self {
        Self(Value::Numbers(Vec::new()))
    }

    pub(super) fn push(&mut self, value: Value) -> Result<()> {
        match (&mut self.0, value) {
            (Value::Numbers(numbers), Value::Number(number)) => numbers.push(number),
            (Value::List(list), value) if !matches!(value, Value::Number(_)) => list.push(value),
            (Value::Numbers(numbers), value) if numbers.is_empty() => {
                self.0 = Value::List(vec![value]);
            }
            _ => return Err(invalid("a list mixes numbers with other things")),
        }
        Ok(())
    }

    pub(super) fn done(self) -> Value {
        self.0
    }
}

/// Bytes that are read from front to back.
pub(super) struct Bytes<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn take_one(&mut self) -> Result<u8> {
        let (&first, rest) = self.rest.split_first().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(first)
    }

    /// Steps over this byte if it is the next.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }
}

fn truncated() -> crate::Error {
    invalid("truncated")
}

pub(super) fn to_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| invalid("a text is not UTF-8"))
}

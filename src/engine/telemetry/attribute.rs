//! What is known of an entity for good: its model, its site, its rated power.

use super::LARGEST;
use super::names::Names;
use crate::error::{Error, Result};

/// A value that an entity keeps.
///
/// ```
/// use forewarn::engine::telemetry::Attribute;
///
/// assert_eq!(Attribute::from(7.5), Attribute::Number(7.5));
/// assert_eq!(Attribute::from("B200"), Attribute::Category("B200"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attribute<'a> {
    /// A quantity from −1e150 to 1e150, or NaN if unknown.
    Number(f64),
    /// One of several kinds, by name; empty if unknown.
    Category(&'a str),
}

impl From<f64> for Attribute<'_> {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl<'a> From<&'a str> for Attribute<'a> {
    fn from(value: &'a str) -> Self {
        Self::Category(value)
    }
}

impl Attribute<'_> {
    /// Whether any attribute can have this value.
    fn check(self, name: &str) -> Result<()> {
        match self {
            Self::Number(value) if value.is_infinite() || value.abs() > LARGEST => {
                let allowed = "it must be from -1e150 to 1e150, or NaN if unknown";
                let reason = format!("attribute {name:?} is {value}: {allowed}");
                Err(Error::Incompatible { reason })
            }
            _ => Ok(()),
        }
    }
}

/// Of what kind the values of an attribute are, which the first one decides.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum Values {
    Numbers,
    /// By code.
    Categories(Names),
}

impl Values {
    pub(super) fn of(attribute: Attribute<'_>) -> Self {
        match attribute {
            Attribute::Number(_) => Self::Numbers,
            Attribute::Category(_) => Self::Categories(Names::default()),
        }
    }

    /// A value as a number: its code if it is a category, which is `None` if it never came.
    pub(in crate::engine) fn find(
        &self,
        name: &str,
        attribute: Attribute<'_>,
    ) -> Result<Option<f64>> {
        attribute.check(name)?;
        let reason = match (self, attribute) {
            (Self::Numbers, Attribute::Number(value)) => return Ok(Some(value)),
            (Self::Categories(_), Attribute::Category("")) => return Ok(Some(f64::NAN)),
            (Self::Categories(codes), Attribute::Category(category)) => {
                return Ok(codes.find(category).map(|code| code as f64));
            }
            (Self::Numbers, Attribute::Category(category)) => {
                format!("attribute {name:?} is {category:?}: it was a number before")
            }
            (Self::Categories(_), Attribute::Number(value)) => {
                format!("attribute {name:?} is {value}: it was a category before")
            }
        };
        Err(Error::Incompatible { reason })
    }

    /// As [`find`](Self::find), with a new code for a category that never came.
    pub(super) fn encode(&mut self, name: &str, attribute: Attribute<'_>) -> Result<f64> {
        match (self.find(name, attribute)?, self, attribute) {
            (Some(code), ..) => Ok(code),
            (None, Self::Categories(codes), Attribute::Category(category)) => {
                codes.number("category", category).map(|code| code as f64)
            }
            (None, ..) => Ok(f64::NAN),
        }
    }
}

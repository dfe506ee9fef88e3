//! Saving a test and going on from there.

use super::evidence::Evidence;
use super::reference::MOST;
use super::{Arm, SequentialDecision, SequentialTest, SequentialTestParams, WAITING};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const ENVELOPE: Envelope = Envelope { magic: b"fwseqtes", newest: 1 };

/// What is written, checked when it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    params: SequentialTestParams,
    evidence: Evidence,
    most: f64,
    decision: SequentialDecision,
    waiting_arm: Arm,
    waiting: VecDeque<f64>,
}

impl From<SequentialTest> for Saved {
    fn from(test: SequentialTest) -> Self {
        let SequentialTest { params, evidence, most, decision, waiting_arm, waiting, level: _ } =
            test;
        Self { params, evidence, most, decision, waiting_arm, waiting }
    }
}

impl TryFrom<Saved> for SequentialTest {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        let Saved { params, evidence, most, decision, waiting_arm, waiting } = saved;
        params.check()?;
        let sums = evidence.mean.is_finite() && (0.0..f64::INFINITY).contains(&evidence.squares);
        let sums = sums && evidence.wealth.as_flattened().iter().all(|wealth| wealth.is_finite());
        let signs = evidence.signs[0].checked_add(evidence.signs[1]);
        if !sums || signs.is_none_or(|signs| signs > evidence.pairs) {
            return Err(invalid("impossible sums"));
        }
        let values = &evidence.reference.values;
        let ascending = values.windows(2).all(|pair| pair[0] <= pair[1]);
        if values.len() > MOST || !ascending {
            return Err(invalid("reference values out of order"));
        }
        let level = super::level(&params);
        let test = Self { params, evidence, most, decision, level, waiting_arm, waiting };
        let known = test.waiting.iter().chain(&test.evidence.reference.values);
        if test.waiting.len() > WAITING || known.copied().any(|value| test.check(value).is_err()) {
            return Err(invalid("impossible values"));
        }
        // What was decided must follow from the sums. Only what was most is not known from them.
        if !(most >= test.log_evidence().max(0.0) && most < f64::INFINITY) {
            return Err(invalid("less evidence at most than there is now"));
        }
        if test.decide() != decision {
            return Err(invalid("another decision than follows"));
        }
        Ok(test)
    }
}

impl SequentialTest {
    /// The compact binary form: at most 200 kB, for [`Measure::Ranks`](super::Measure::Ranks) with
    /// 10,000 values that wait; otherwise mostly less than 1 kB. Numbers are stored with all their bits;
    /// the last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(self)
    }

    /// Reads the compact binary form. The test goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible test;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open(bytes)
    }
}

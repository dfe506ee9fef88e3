//! What the committed CSV files hold: the simulators at their default settings.

use crate::calls::CallsParams;
use crate::error::Result;
use crate::fleet::FleetParams;
use crate::service::ServiceParams;

/// The committed files: each name with its content.
///
/// # Errors
/// None in practice: default settings are within their ranges.
pub fn files() -> Result<[(&'static str, String); 3]> {
    Ok([
        ("fleet.csv", FleetParams::default().simulate()?.to_csv()),
        ("service.csv", ServiceParams::default().simulate()?.to_csv()),
        ("calls.csv", CallsParams::default().simulate()?.to_csv()),
    ])
}

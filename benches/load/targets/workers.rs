//! Target 9: a second worker on a second core, without sockets. Its bench stands alone.

use crate::{report::Report, series::Plan};

pub fn measure(_: Plan, report: &mut Report) {
    report.note("Target 9 is measured by a bench of its own.");
}

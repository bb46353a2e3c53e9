//! The process's limit on open files. Each connection of a gateway is an open file. scopegate
//! raises the limit as far as the process may, and warns at the start, not under load, if it is too
//! low for `server.max_in_flight`.

use std::io;

use rlimit::Resource;

/// Raises the soft limit to the hard one. Returns a warning for the operator if the result is too
/// low for `max_in_flight` requests.
pub(super) fn raise_limit(max_in_flight: usize) -> Option<String> {
    match raise() {
        Ok(found) => shortage(found, max_in_flight),
        Err(error) => Some(format!("the limit on open files is unknown: {error}")),
    }
}

fn raise() -> io::Result<u64> {
    let (soft, hard) = Resource::NOFILE.get()?;
    // It is not an error if the process may not raise it: the caller checks the value that results.
    let raised = soft < hard && Resource::NOFILE.set(hard, hard).is_ok();
    Ok(if raised { hard } else { soft })
}

fn shortage(found: u64, max_in_flight: usize) -> Option<String> {
    let wanted = u64::try_from(max_in_flight)
        .unwrap_or(u64::MAX)
        .saturating_add(MARGIN);
    (found < wanted).then(|| {
        format!(
            "open files: found a limit of {found}, expected {wanted} or more: `server.max_in_flight` and {MARGIN} for \
             other files; raise it (`LimitNOFILE`, `ulimit -n`) or lower `server.max_in_flight`"
        )
    })
}

/// Open files that are not connections of requests in flight: listeners, workers, fetches of keys,
/// idle connections of gateways.
const MARGIN: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_above_the_requests_in_flight_is_no_shortage() {
        assert_eq!(shortage(10_256, 10_000), None);
        assert_eq!(shortage(rlimit::INFINITY, usize::MAX), None);
    }

    #[test]
    fn a_shortage_names_what_was_found_and_expected() {
        let text = shortage(1024, 10_000).unwrap();
        assert!(
            text.contains("a limit of 1024, expected 10256 or more"),
            "{text}"
        );
    }
}

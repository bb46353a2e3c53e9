//! Durations and sizes as people write them.

use std::time::Duration;

/// A duration such as `30s`, `1m 30s` or `150ms`; `None` for anything else and for more than a year, which no
/// setting means and no clock arithmetic should meet.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|duration| *duration <= YEAR)
}

/// A duration as people would write it. Days are counted out: humantime's months and years are no whole days.
pub(super) fn written_duration(duration: Duration) -> String {
    match (duration.as_secs() / DAY_SECONDS, duration.as_secs() % DAY_SECONDS, duration.subsec_nanos()) {
        (days @ 1.., 0, 0) => format!("{days}days"),
        _ => humantime::format_duration(duration).to_string(),
    }
}

/// Bytes: `65536`, `64 KiB`, `4MiB`. Units are the binary ones alone, since `KB` means two things.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The longest duration that any setting takes.
pub(super) const YEAR: Duration = Duration::from_secs(365 * DAY_SECONDS);

const DAY_SECONDS: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("65536", Some(65_536)),
            ("512 KiB", Some(524_288)),
            ("4MiB", Some(4_194_304)),
            ("1 GiB", Some(1_073_741_824)),
            ("7 B", Some(7)),
            ("1 KB", None),
            ("1.5 MiB", None),
            ("-1", None),
            ("KiB", None),
            ("", None),
            ("99999999999 GiB", None),
        ] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit_and_end_with_a_year() {
        assert_eq!(parse_duration("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("150ms"), Some(Duration::from_millis(150)));
        assert_eq!(parse_duration(&written_duration(YEAR)), Some(YEAR));
        for text in ["30", "", "-1s", "soon", "366days", "99999999999999years"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}

//! Durations and sizes in human notation.

use std::time::Duration;

/// Parses a duration such as `30s`, `1m 30s` or `150ms`. Rejects durations above a year, which no
/// setting needs and which could overflow clock arithmetic.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text)
        .ok()
        .filter(|duration| *duration <= YEAR)
}

/// Writes a duration in the largest unit that divides it.
pub(super) fn written_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let whole =
        |unit: u64| duration.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(unit);
    match () {
        () if whole(DAY_SECONDS) && seconds > DAY_SECONDS => {
            format!("{}days", seconds / DAY_SECONDS)
        }
        () if whole(60 * 60) => format!("{}h", seconds / (60 * 60)),
        () if whole(60) => format!("{}m", seconds / 60),
        () if whole(1) => format!("{seconds}s"),
        () => humantime::format_duration(duration).to_string(),
    }
}

/// Writes bytes in the largest unit that divides them.
pub(super) fn written_size(bytes: usize) -> String {
    let units = [
        (1 << 40, "TiB"),
        (1 << 30, "GiB"),
        (1 << 20, "MiB"),
        (1 << 10, "KiB"),
    ];
    let unit = units
        .into_iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(
        || format!("{bytes} B"),
        |(unit, name)| format!("{} {name}", bytes / unit),
    )
}

/// Parses a number of bytes: `65536`, `64 KiB`, `4MiB`. Accepts only binary units, since `KB` is
/// ambiguous.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The longest duration that a setting accepts.
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
        for (bytes, text) in [
            (1, "1 B"),
            (65_536, "64 KiB"),
            (4 << 20, "4 MiB"),
            (1 << 40, "1 TiB"),
            (1025, "1025 B"),
        ] {
            assert_eq!(written_size(bytes), text);
        }
    }

    #[test]
    fn durations_need_a_unit_and_end_with_a_year() {
        assert_eq!(parse_duration("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("150ms"), Some(Duration::from_millis(150)));
        assert_eq!(parse_duration(&written_duration(YEAR)), Some(YEAR));
        for text in ["150ms", "75s", "1m", "24h", "365days", "0s"] {
            assert_eq!(
                parse_duration(text).map(written_duration).as_deref(),
                Some(text)
            );
        }
        for text in ["30", "", "-1s", "soon", "366days", "99999999999999years"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}

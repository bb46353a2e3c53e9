//! Lists of hosts, as several sections have them.

use super::{
    key::Key,
    kind::List,
    mistake::{Report, shown},
    section::Section,
    url::parse_host,
};

/// A list of hosts, each `host` or `host:port`, in lower case.
pub(super) fn hosts(section: &Section, key: &Key<List>, report: &mut Report) -> Vec<String> {
    let mut hosts = Vec::new();
    for (index, text) in section.get(key).iter().enumerate() {
        match parse_host(text) {
            Some(host) => hosts.push(host),
            None => {
                let path = format!("{}[{index}]", section.at(key));
                report.mistake(&path, shown(text), "`host` or `host:port`");
            }
        }
    }
    hosts
}

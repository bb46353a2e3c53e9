//! Reads lists of hosts, which several sections have.

use crate::config::{
    declaration::{key::Key, kind::List},
    file::section::Section,
    mistake::{Report, shown},
    url::parse_host,
};

/// Reads a list of hosts, each `host` or `host:port`, in lower case.
pub(in crate::config) fn hosts(
    section: &Section,
    key: &Key<List>,
    report: &mut Report,
) -> Vec<String> {
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

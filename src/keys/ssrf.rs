//! Protection against server-side request forgery: the URLs and addresses from which keys may be
//! fetched. Neither a provider's document nor the DNS may direct a fetch to this machine or to the
//! cloud's metadata service.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

/// Why scopegate refuses to fetch from a URL. The text is what is expected instead, to be read
/// after "must be".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// A scheme other than http and https, or no host.
    #[error("an http(s) URL")]
    Scheme,
    /// Plain http to a host that is neither loopback nor in `server.insecure_key_hosts`.
    #[error("https, or a loopback host, or a host of `server.insecure_key_hosts`")]
    Insecure,
    /// The URL has a user name or a password.
    #[error("a URL without credentials")]
    Credentials,
    /// The URL has a fragment.
    #[error("a URL without a fragment")]
    Fragment,
    /// A forbidden address: link-local, a metadata service, multicast, unspecified.
    #[error("an address that is not link-local, multicast or a cloud metadata service")]
    Address,
}

/// Checks that keys or a discovery document may be fetched from `url`. A query is allowed.
/// `insecure_hosts` may be fetched from over plain http.
///
/// # Errors
/// The first rule that the URL breaks.
pub fn is_fetchable(url: &Url, insecure_hosts: &[String]) -> Result<(), UrlError> {
    let host = url.host_str().ok_or(UrlError::Scheme)?;
    let is_forbidden = ip_literal(host).is_some_and(|ip| !ip.is_loopback() && is_forbidden(ip));
    let may_be_insecure = is_loopback_host(host)
        || insecure_hosts
            .iter()
            .any(|listed| is_same_host(listed, host));
    match url.scheme() {
        "https" => {}
        "http" if may_be_insecure => {}
        "http" => return Err(UrlError::Insecure),
        _ => return Err(UrlError::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        Err(UrlError::Credentials)
    } else if url.fragment().is_some() {
        Err(UrlError::Fragment)
    } else if is_forbidden {
        Err(UrlError::Address)
    } else {
        Ok(())
    }
}

/// Whether a fetch for `host` may connect to `ip`. A loopback host must have a loopback address.
/// Any other host must not: a public name that resolves to this machine is an attack (DNS
/// rebinding).
pub(super) fn may_connect(host: &str, ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    if is_loopback_host(host) {
        ip.is_loopback()
    } else {
        !is_forbidden(ip)
    }
}

/// Whether the host is `localhost`, in 127.0.0.0/8, or `::1`.
pub(super) fn is_loopback_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip_literal(host).is_some_and(|ip| ip.is_loopback())
}

/// The host without the brackets that a URL has around an IPv6 address.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

fn ip_literal(host: &str) -> Option<IpAddr> {
    without_brackets(host)
        .parse::<IpAddr>()
        .ok()
        .map(|ip| ip.to_canonical())
}

fn is_same_host(listed: &str, host: &str) -> bool {
    without_brackets(listed).eq_ignore_ascii_case(without_brackets(host))
}

fn is_forbidden(ip: IpAddr) -> bool {
    let is_special = match ip {
        IpAddr::V4(v4) => v4.octets().starts_with(&[0]) || v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_unicast_link_local(),
    };
    is_special || ip.is_loopback() || ip.is_multicast() || METADATA_SERVICES.contains(&ip)
}

/// Metadata services outside of the link-local ranges.
const METADATA_SERVICES: [IpAddr; 5] = [
    // Alibaba Cloud, Azure's host, Oracle Cloud; then AWS and Google Cloud over IPv6.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), UrlError> {
        let insecure = ["idp.internal".to_owned(), "10.0.0.7".to_owned()];
        is_fetchable(&Url::parse(url).unwrap(), &insecure)
    }

    #[test]
    fn https_is_fetchable_from_any_host_and_http_from_listed_hosts() {
        for url in [
            "https://auth.example.com/keys",
            "https://10.1.2.3/keys",
            "https://auth.example.com/keys?p=policy",
            "http://localhost:1/keys",
            "http://127.0.0.9/keys",
            "http://[::1]:8080/keys",
            "http://idp.internal:8080/keys",
            "http://IDP.internal/keys",
            "http://10.0.0.7/keys",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn every_refused_url_has_its_reason() {
        for (url, expected) in [
            ("http://auth.example.com/keys", UrlError::Insecure),
            ("http://localhost.example.com/keys", UrlError::Insecure),
            ("http://10.0.0.8/keys", UrlError::Insecure),
            ("ftp://auth.example.com/keys", UrlError::Scheme),
            ("file:///etc/passwd", UrlError::Scheme),
            ("https://user@auth.example.com/", UrlError::Credentials),
            ("https://:secret@auth.example.com/", UrlError::Credentials),
            ("https://auth.example.com/#keys", UrlError::Fragment),
            ("https://169.254.169.254/", UrlError::Address),
            ("https://2852039166/", UrlError::Address),
            ("https://[fd00:ec2::254]/", UrlError::Address),
            ("https://[::ffff:169.254.1.1]/", UrlError::Address),
            ("https://0.0.0.0/", UrlError::Address),
        ] {
            assert_eq!(check(url), Err(expected), "{url}");
        }
    }

    #[test]
    fn a_name_must_not_resolve_to_this_machine_or_to_a_metadata_service() {
        for ip in [
            "127.0.0.1",
            "::1",
            "169.254.169.254",
            "fe80::1",
            "100.100.100.200",
            "0.0.0.0",
            "::",
        ]
        .into_iter()
        .chain([
            "224.0.0.1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "fd00:ec2::254",
            "255.255.255.255",
        ]) {
            assert!(
                !may_connect("auth.example.com", ip.parse().unwrap()),
                "{ip}"
            );
        }
        for ip in [
            "10.0.0.1",
            "192.168.1.1",
            "93.184.216.34",
            "fd12::1",
            "2001:db8::1",
        ] {
            assert!(may_connect("auth.example.com", ip.parse().unwrap()), "{ip}");
            assert!(!may_connect("localhost", ip.parse().unwrap()), "{ip}");
        }
        assert!(may_connect("localhost", "127.0.0.1".parse().unwrap()));
        assert!(may_connect("[::1]", "::1".parse().unwrap()));
    }
}

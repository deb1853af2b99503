//! Who is on the other side, as far as an address can tell.

use axum::http::HeaderMap;
use std::net::{IpAddr, Ipv6Addr};

/// An address that counts as one peer: an IPv4 address, or an IPv6 network of 64 bits, of
/// which one household has all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Peer(IpAddr);

impl Peer {
    /// The peer of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                let network = u128::from(address) >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address => address,
        })
    }

    /// The peer that the trusted proxy names, if this is the proxy. The last address of the
    /// last header is the one that the proxy wrote itself.
    #[must_use]
    pub(crate) fn behind(self, proxy: Option<IpAddr>, headers: &HeaderMap) -> Self {
        if proxy.map(Self::of) != Some(self) {
            return self;
        }
        let named = headers.get_all("x-forwarded-for").iter().next_back();
        let named =
            named.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        named.map_or(self, Self::of)
    }

    /// The address, or the first one of the network.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::of(text.parse().unwrap())
    }

    #[test]
    fn one_household_is_one_peer() {
        assert_eq!(peer("2001:db8:1:2:3:4:5:6"), peer("2001:db8:1:2::1"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    }

    #[test]
    fn only_the_trusted_proxy_names_the_peer() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9".parse().unwrap());
        headers.append("x-forwarded-for", "203.0.113.7, 198.51.100.4".parse().unwrap());
        let proxy = Some("127.0.0.1".parse().unwrap());
        assert_eq!(peer("127.0.0.1").behind(proxy, &headers), peer("198.51.100.4"));
        assert_eq!(peer("192.0.2.1").behind(proxy, &headers), peer("192.0.2.1"));
        assert_eq!(peer("127.0.0.1").behind(None, &headers), peer("127.0.0.1"));
        headers.append("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(peer("127.0.0.1").behind(proxy, &headers), peer("127.0.0.1"));
    }
}

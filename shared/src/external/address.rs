//! The addresses of the public internet. A target that a caller names is connected to only there, so that nobody can
//! make us knock on doors inside our own network or on a cloud's metadata service.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not globally reachable (IANA special-purpose registry), with their prefix lengths.
const CLOSED_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),            // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, metadata services
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's own services
];

/// Blocks of IPv6 within global unicast that are not globally reachable, likewise.
const CLOSED_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether the address, and an IPv4 address inside it, belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(block, length): (Ipv4Addr, u32)| {
        (address.to_bits() ^ block.to_bits()).checked_shr(32 - length).unwrap_or(0) == 0
    };
    !CLOSED_V4.into_iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = inner_v4(address) {
        return is_public_v4(inner);
    }
    let within = |(block, length): (Ipv6Addr, u32)| {
        (address.to_bits() ^ block.to_bits()).checked_shr(128 - length).unwrap_or(0) == 0
    };
    // Only 2000::/3 is global unicast, without loopback, unique local, link-local and multicast addresses.
    within((Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)) && !CLOSED_V6.into_iter().any(within)
}

/// The IPv4 address inside an IPv6 address: IPv4-mapped (RFC 4291), NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let pair = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn private_local_shared_and_metadata_addresses_are_not() {
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "64:ff9b:1::808:808",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn an_address_inside_another_is_seen() {
        for address in [
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.1.2.3",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:a00:1::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    /// The blocks of IANA's special-purpose registries that are not for everybody, with what was reserved once, multicast
    /// and one cloud's own: first and last address, public neighbours, what it is for. What in them is globally reachable,
    /// anycast of protocols, is no receiver's and stays closed, too.
    const REGISTRIES: &str = "
        0.0.0.0 0.255.255.255 | 1.0.0.0 | this network
        10.0.0.0 10.255.255.255 | 9.255.255.255 11.0.0.0 | private use
        100.64.0.0 100.127.255.255 | 100.63.255.255 100.128.0.0 | shared address space
        127.0.0.0 127.255.255.255 | 126.255.255.255 128.0.0.0 | loopback
        169.254.0.0 169.254.255.255 | 169.253.255.255 169.255.0.0 | link local
        172.16.0.0 172.31.255.255 | 172.15.255.255 172.32.0.0 | private use
        192.0.0.0 192.0.0.255 | 191.255.255.255 192.0.1.0 | protocol assignments: DS-Lite, PCP and TURN, NAT64 discovery
        192.0.2.0 192.0.2.255 | 192.0.1.255 192.0.3.0 | documentation
        192.88.99.0 192.88.99.255 | 192.88.98.255 192.88.100.0 | 6to4 relays, deprecated
        192.168.0.0 192.168.255.255 | 192.167.255.255 192.169.0.0 | private use
        198.18.0.0 198.19.255.255 | 198.17.255.255 198.20.0.0 | benchmarking
        198.51.100.0 198.51.100.255 | 198.51.99.255 198.51.101.0 | documentation
        203.0.113.0 203.0.113.255 | 203.0.112.255 203.0.114.0 | documentation
        224.0.0.0 239.255.255.255 | 223.255.255.255 | multicast
        240.0.0.0 255.255.255.255 | - | reserved, limited broadcast
        168.63.129.16 168.63.129.16 | 168.63.129.15 168.63.129.17 | the services of one cloud
        :: :: | - | unspecified
        ::1 ::1 | - | loopback
        :: ::ffff:ffff | - | IPv4-compatible, deprecated
        ::ffff:0:0:0 ::ffff:0:ffff:ffff | - | IPv4-translated
        64:ff9b:1:: 64:ff9b:1:ffff:ffff:ffff:ffff:ffff | - | local translation
        100:: 100::ffff:ffff:ffff:ffff | - | discard only
        100:0:0:1:: 100::1:ffff:ffff:ffff:ffff | - | dummy prefix
        2001:: 2001:0:ffff:ffff:ffff:ffff:ffff:ffff | 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff | Teredo
        2001:1::1 2001:1::1 | - | PCP anycast
        2001:1::2 2001:1::2 | - | TURN anycast
        2001:1::3 2001:1::3 | - | DNS-SD anycast
        2001:2:: 2001:2:0:ffff:ffff:ffff:ffff:ffff | - | benchmarking
        2001:3:: 2001:3:ffff:ffff:ffff:ffff:ffff:ffff | - | AMT
        2001:4:112:: 2001:4:112:ffff:ffff:ffff:ffff:ffff | - | AS112
        2001:10:: 2001:1f:ffff:ffff:ffff:ffff:ffff:ffff | - | ORCHID, deprecated
        2001:20:: 2001:2f:ffff:ffff:ffff:ffff:ffff:ffff | - | ORCHIDv2
        2001:30:: 2001:3f:ffff:ffff:ffff:ffff:ffff:ffff | - | drone remote identification
        2001:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff | 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200:: | protocol assignments
        2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff | 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: | documentation
        3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff | 3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000:: | documentation
        5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff | - | segment routing
        fc00:: fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff | - | unique local
        fe80:: febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff | - | link local
        fec0:: feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff | - | site local, deprecated
        ff00:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff | - | multicast";

    /// Blocks of the registries that everybody reaches.
    const REACHABLE: [&str; 8] = [
        "192.31.196.1",
        "192.52.193.1",
        "192.175.48.1",
        "192.175.48.255",
        "2620:4f:8000::1",
        "2001:200::",
        "2a00::1",
        "3ffe::1",
    ];

    /// Every way to write an IPv4 address as one of IPv6 that leads to it: mapped, by NAT64, by 6to4.
    fn wrapped(address: Ipv4Addr) -> [Ipv6Addr; 3] {
        let [high, low] =
            [address.to_bits() >> 16, address.to_bits() & 0xffff].map(|it| u16::try_from(it).unwrap());
        [
            address.to_ipv6_mapped(),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        ]
    }

    /// The address, and each that it is inside of.
    fn ways(address: &str) -> Vec<IpAddr> {
        let address: IpAddr = address.parse().unwrap();
        let around = match address {
            IpAddr::V4(address) => wrapped(address).map(IpAddr::from).to_vec(),
            IpAddr::V6(_) => Vec::new(),
        };
        [vec![address], around].concat()
    }

    #[test]
    fn the_first_and_the_last_address_of_every_reserved_block_are_closed_and_their_neighbours_are_not() {
        let mut blocks = 0;
        for line in REGISTRIES.lines().filter(|line| !line.is_empty()) {
            let [ends, neighbours, what] =
                <[&str; 3]>::try_from(line.split(" | ").collect::<Vec<_>>()).unwrap();
            for address in ends.split_whitespace().flat_map(ways) {
                assert!(!is_public(address), "{address}: {what}");
            }
            for address in neighbours.split_whitespace().filter(|it| *it != "-").flat_map(ways) {
                assert!(is_public(address), "{address}, beside {what}");
            }
            blocks += 1;
        }
        assert_eq!(blocks, 41);
        for address in REACHABLE.into_iter().flat_map(ways) {
            assert!(is_public(address), "{address}");
        }
    }
}

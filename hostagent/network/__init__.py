"""The host's networks: bridges, NAT, DHCP, metadata and anti-spoofing, from one document."""

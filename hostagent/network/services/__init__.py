"""What machines of a network are served: DHCP, DNS, metadata, router advertisements."""

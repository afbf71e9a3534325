"""Networks: address ranges, address allocation, and each host's network document."""

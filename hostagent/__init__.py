"""The agent on each host: turns a KVM machine into cloud capacity."""

"""Links, namespaces, routes and settings of the kernel, through netlink."""

"""A guest with Debian's kernel and this machine's files: for what this kernel cannot do."""

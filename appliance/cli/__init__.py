"""The command console `anyun`: the same operations as the desktop client, for terminals."""

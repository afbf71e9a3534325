"""Images and instance offerings: what virtual machines are made from."""

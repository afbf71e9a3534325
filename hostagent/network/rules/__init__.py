"""The nft rules of a host: rendered, loaded, and watched."""

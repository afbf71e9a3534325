"""The management service: the cloud's brain, its API and its command line."""

"""What clients and the management service say to each other. Imports nothing of ours."""

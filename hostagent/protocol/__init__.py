"""What the management service and a host agent say to each other. Imports nothing of ours."""

"""Installing, running and joining: what turns a Debian machine into an appliance."""

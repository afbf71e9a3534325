"""The link to the agents: listener, enrolment, typed calls and streams."""

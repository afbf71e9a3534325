"""The domain-free core: operation registry, durable jobs, state machines."""

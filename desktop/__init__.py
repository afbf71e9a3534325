"""The Qt desktop client for administrators, operators and tenants."""

"""Accounts with their users, groups, roles, shares, API tokens and quotas."""

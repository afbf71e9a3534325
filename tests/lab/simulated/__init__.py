"""Simulated hosts: the real agent protocol over real TLS links, thousands in one process.

Each has a certificate of its own, from a real join token. What is simulated is only what lies
behind the commands: machines, files and networks are entries in memory.
"""

"""Starts, watches and stops both servers: a room of its own, for `make serve` and Docker alike.

It knows the other rooms only from outside: `archive` and the gateway run as commands.
"""

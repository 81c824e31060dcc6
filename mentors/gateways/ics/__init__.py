"""The program that reads strangers' calendars, run by ``mentors.gateways.calendars`` in a process of its own.

Imports nothing of this project but its own modules, so that neither settings nor secrets are in reach of a parser that a
hostile file has taken over.
"""

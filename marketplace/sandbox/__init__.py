"""The embedded servers of the demo and of the tests, and the supervisor that runs them.

Nothing in the product imports this package, and it imports neither Django nor the apps.
"""

"""The shared cache, which anybody who uses it must be able to do without."""

from django.utils.module_loading import import_string


def cache_errors() -> type[Exception]:
    """Name what is raised while the cache does not answer, for an ``except`` clause, which asks only once something was.

    The cache's library takes 6 MB. Django loads it with the first use of the cache; the worker never uses it, and loads
    pages all the same, for their addresses in mails.
    """
    errors: type[Exception] = import_string("redis.exceptions.RedisError")
    return errors

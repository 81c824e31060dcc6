"""How the web processes begin."""

import gc

from marketplace.gunicorn_conf import pre_fork


def test_what_is_loaded_before_the_fork_is_kept_from_the_collector() -> None:
    try:
        pre_fork(None, None)
        assert gc.get_freeze_count() > len(gc.get_objects())
    finally:
        gc.unfreeze()

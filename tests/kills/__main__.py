"""``make faults``: people book, pay and cancel over HTTP while servers are killed at random; then everything must have settled.

It starts a demo of its own, sets people to work in threads of their own, and sends SIGKILL to web, worker, database, storage or
payment sandbox, again and again (the supervisor starts each anew). Webhooks are dropped, doubled and shuffled. At the end it lets
the passes run in peace, and asks ``manage.py verify_invariants``. Ends with status 1 where an invariant is broken, money is
left in the middle of nowhere, or somebody got an answer that is none (a traceback, an unknown code).
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

from tests.e2e.house import WISHES, House, OwnDemo, wait_until
from tests.kills.people import Person, Student, Support

STUDENTS = [f"student{number}@demo.test" for number in range(1, 5)]
VICTIMS = ("web", "worker", "postgres", "payments")
# The supervisor starts a child again at most five times a minute.
SECONDS_BETWEEN_KILLS = 60 / 4 / len(VICTIMS)
SETTLED_WITHIN = 240.0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make faults", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the dice; 0 throws them anew")
    options = parser.parse_args()
    seed = options.seed or random.randrange(1, 10**6)
    print(f"{options.kills} kills, seed {seed}", flush=True)
    os.environ |= {
        "HOLD_SECONDS": "60", "RECONCILE_SECONDS": "20", "RATELIMIT_HOLD": "100000/h", "RATELIMIT_HOLD_TRY": "100000/m",
        "RATELIMIT_CARD_DECLINE": "100000/h",
    }  # fmt: skip
    demo = OwnDemo(WISHES)
    try:
        return run(demo.wait_until_up(), kills=options.kills, dice=random.Random(seed))
    finally:
        demo.end()


def run(house: House, *, kills: int, dice: random.Random) -> int:
    counts: Counter[str] = Counter()
    stop = threading.Event()
    people: list[Person] = [Student(house, email, random.Random(dice.random()), counts) for email in STUDENTS]
    people.append(Support(house, "support@demo.test", random.Random(dice.random()), counts))
    threads = [threading.Thread(target=person.live, args=(stop,), daemon=True) for person in people]
    for person in people:
        person.sign_in()
    for thread in threads:
        thread.start()
    house.ask_sandbox("faults", {"webhooks": {"duplicate": 2, "shuffle": True, "delay_seconds": 1}})
    for number in range(kills):
        time.sleep(SECONDS_BETWEEN_KILLS * dice.uniform(0.5, 1.5))
        victim = dice.choice(VICTIMS)
        if kill(house, victim):
            counts[f"killed {victim}"] += 1
        if number % 25 == 24:
            print(f"  {number + 1} kills; {summary(counts)}", flush=True)
    stop.set()
    for thread in threads:
        thread.join(60)
    return judge(house, counts, [fault for person in people for fault in person.faults])


def kill(house: House, victim: str) -> bool:
    """Kill a child by the pid that it has by now; False while it is being started again."""
    pid = house.pids().get(victim)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def judge(house: House, counts: Counter[str], faults: list[str]) -> int:
    began = time.monotonic()
    wait_until(house.answers, what="the site after the last kill", seconds=120)
    left = wait_until(
        lambda: "nothing" if not house.left_open() else None, what="everything to settle", seconds=SETTLED_WITHIN
    )
    print(f"Settled {time.monotonic() - began:.0f} s after the last kill: {left} is left open.")
    verdict = subprocess.run(
        [*house.manage, "verify_invariants"], env=os.environ | house.env, capture_output=True, text=True, check=False
    )
    print(verdict.stdout)
    print(summary(counts))
    for fault in faults[:20]:
        print(f"FAULT: {fault}")
    return 1 if verdict.returncode or faults else 0


def summary(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())

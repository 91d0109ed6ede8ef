"""Writes a result to stdout and notes about it to stderr, in turn: two_streams.py MILLISECONDS."""

import sys
import time

STEPS = ("collect the parts", "check the parts", "join the parts", "paint it", "let it dry", "pack it")

pause = int(sys.argv[1]) / 1000

for number, step in enumerate(STEPS, 1):
    print(f"step {number} of {len(STEPS)}: {step}")
    time.sleep(pause)
    print(f"note: step {number} took {pause:.1f} s", file=sys.stderr)
    time.sleep(pause)
print("done")

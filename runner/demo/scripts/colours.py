"""Prints text in the colours and styles that terminals know: colours.py MILLISECONDS."""

import sys
import time

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
STYLES = {"bold": 1, "faint": 2, "italic": 3, "underlined": 4, "reversed": 7, "struck out": 9}

pause = int(sys.argv[1]) / 1000


def painted(text: str, *codes: int) -> str:
    return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m"


for number, name in enumerate(NAMES):
    normal, bright, behind = (painted(f"{name:<10}", base + number) for base in (30, 90, 40))
    print(normal, bright, behind)
    time.sleep(pause)
for name, code in STYLES.items():
    print(painted(name, code))
    time.sleep(pause)
print(*(painted("#", 38, 5, colour) for colour in range(16, 232, 6)), sep="")
print(painted("passed", 1, 32), "12 checks,", painted("failed", 1, 31), "0 checks")

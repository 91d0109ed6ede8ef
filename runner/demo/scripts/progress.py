"""Draws a progress bar over itself with a carriage return, as a download does: progress.py MILLISECONDS."""

import sys
import time

WIDTH = 40

pause = int(sys.argv[1]) / 1000

for percent in range(101):
    done = WIDTH * percent // 100
    print(f"\r[{'#' * done}{'.' * (WIDTH - done)}] {percent:3d} %", end="")
    time.sleep(pause)
print("\nReady.")

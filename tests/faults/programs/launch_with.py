"""Serves Linefeed with another interpreter for its shims. Arguments: INTERPRETER PYTHON APP, then the app's own."""

import runpy
import sys

sys.executable = sys.argv[1]
sys.argv = sys.argv[3:]
sys.path[0] = sys.argv[0].rpartition("/")[0]
runpy.run_path(sys.argv[0], run_name="__main__")

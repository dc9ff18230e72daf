import os
import subprocess
import sys

LOADS_ITS_PAGES = """
import sys
import config.wsgi  # makes Django ready
import config.urls
print("optimization.views" in sys.modules, "numba" in sys.modules)
"""


def test_site_does_not_load_the_compiler_of_kernels() -> None:
    """It never computes, and the compiler takes 80 MB in each of its processes."""
    ended = subprocess.run(
        [sys.executable, "-c", LOADS_ITS_PAGES],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "True False\n"

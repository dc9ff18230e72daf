"""Makes one large matrix in a process of its own and tells its time and peak memory as JSON.

python -m benchmarks.large_matrix BUCKETS SCENARIOS
"""

import json
import sys
import time

from benchmarks.machine import peak_resident_bytes
from benchmarks.scenario_configs import benchmark_config
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample


def main(arguments: list[str]) -> None:
    buckets, scenarios = (int(argument) for argument in arguments)
    config = benchmark_config(buckets=buckets)
    processor_start, start = time.process_time(), time.perf_counter()
    model = build_model(config)
    matrix = model.multiples(sample=Sample.VALIDATION, first_scenario=0, count=scenarios)
    measured = {
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - processor_start,
        "peak_resident_bytes": peak_resident_bytes(),
        "matrix_bytes": matrix.nbytes,
    }
    sys.stdout.write(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1:])

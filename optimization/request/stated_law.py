"""The scenario law that a request asks for: its calibration's, with what the request states.

The rules are those of a scenario config; here each of its faults finds its place in the request.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.fund_config import LAW_PATHS, scenario_config
from scenarios.simulation.checked_input import Fault, FieldReader, InvalidInput
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.variance.bucket_loadings import check_attainable

_BUCKET = re.compile(r"^buckets\[(\d+)\]\.?")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLaw:
    """What a request states of the law; None and absent members are the calibration's."""

    regimes: Any
    members: Mapping[str, Any]
    seed: str | None

    def sampling_with(self, calibration: Mapping[str, Any]) -> str:
        sampling: str = self.members.get("sampling") or calibration.get("sampling") or "iid"
        return sampling

    def config_json(
        self, *, calibration: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        return scenario_config(
            calibration=calibration,
            buckets=buckets,
            regimes=self.regimes,
            seed=self.seed,
            scenario_law=self.members,
        )


def read_stated_law(reader: FieldReader) -> StatedLaw:
    """Without a look at the values, which only make sense together with a calibration."""
    section = reader.object("scenario_law")
    members = {name: section.raw(name, None) for name in LAW_PATHS}
    section.refuse_unknown_fields()
    return StatedLaw(
        regimes=reader.raw("regimes", None),
        members={name: value for name, value in members.items() if value is not None},
        seed=reader.text("seed", longest=64, default=None),
    )


def read_config(
    reader: FieldReader,
    law: StatedLaw,
    *,
    calibration: Mapping[str, Any],
    buckets: Sequence[Mapping[str, Any]],
) -> ScenarioConfig | None:
    """The config to simulate; None after recording faults.

    Faults that are not in the request point at the fund's policy. Whether its variance shares can
    be reached takes a second to find out, so it is asked of a request that is sound otherwise.
    """
    try:
        config = parse_config(law.config_json(calibration=calibration, buckets=buckets))
        if not reader.faults:
            check_attainable(config)
        return config
    except InvalidInput as error:
        own = _faults_without_request(calibration, buckets)
        reader.faults.extend(_placed(error.faults, law=law, own=own, buckets=buckets))
        return None


def check_under_stand_in(
    reader: FieldReader,
    law: StatedLaw,
    *,
    calibration: Mapping[str, Any],
    buckets: Sequence[Mapping[str, Any]],
) -> None:
    """Records what is wrong with the statements themselves, the calibration being another."""
    try:
        parse_config(law.config_json(calibration=calibration, buckets=buckets))
    except InvalidInput as error:
        for fault in error.faults:
            path = _path_in_request(fault.path, law)
            if path is not None:
                reader.faults.append(Fault(path, fault.code, fault.message))


def _faults_without_request(
    calibration: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]
) -> frozenset[tuple[str, str]]:
    """Path and code of what is wrong with calibration and policy by themselves."""
    try:
        check_attainable(parse_config(scenario_config(calibration=calibration, buckets=buckets)))
    except InvalidInput as error:
        return frozenset((fault.path, fault.code) for fault in error.faults)
    return frozenset()


def _placed(
    faults: Iterable[Fault],
    *,
    law: StatedLaw,
    own: frozenset[tuple[str, str]],
    buckets: Sequence[Mapping[str, Any]],
) -> list[Fault]:
    placed: list[Fault] = []
    misfits: dict[str, list[Fault]] = {}
    for fault in faults:
        path = _path_in_request(fault.path, law)
        if path is not None:
            placed.append(Fault(path, fault.code, fault.message))
        elif law.members and (fault.path, fault.code) not in own:
            misfits.setdefault(fault.code, []).append(fault)
        else:
            placed.append(Fault(f"fund.{fault.path}", fault.code, fault.message))
    placed += [_misfit(alike, law=law, buckets=buckets) for alike in misfits.values()]
    return placed


def _path_in_request(path: str, law: StatedLaw) -> str | None:
    """Where the request states what stands at ``path`` of the config; None where it does not."""
    if law.regimes is not None and path.startswith("regimes"):
        return path
    for name in law.members:
        rest = path.removeprefix(LAW_PATHS[name])
        if rest != path and rest[:1] in ("", ".", "["):
            return f"scenario_law.{name}{rest}"
    return None


def _misfit(
    alike: Sequence[Fault], *, law: StatedLaw, buckets: Sequence[Mapping[str, Any]]
) -> Fault:
    """What the law of the request breaks elsewhere: one fault, however many buckets share it."""
    first = alike[0]
    others = f"; buckets with the same fault: {len(alike) - 1} more" if len(alike) > 1 else ""
    if first.code == "SHARES_UNATTAINABLE" and "copula" in law.members:
        message = f"does not suit the variance shares of the calibration, which {first.message}"
        return Fault("scenario_law.copula", first.code, f"{message}{others}")
    is_of_exits = first.code.startswith("EXIT_") and "exit_law" in law.members
    return Fault(
        "scenario_law.exit_law" if is_of_exits else "scenario_law",
        first.code,
        f"does not suit the fund: {_in_words(first.path, buckets)} {first.message}{others}",
    )


def _in_words(path: str, buckets: Sequence[Mapping[str, Any]]) -> str:
    found = _BUCKET.match(path)
    if found is None:
        return path
    key = buckets[int(found[1])]["key"]
    return f"{path[found.end() :]} of {key}" if path[found.end() :] else str(key)
